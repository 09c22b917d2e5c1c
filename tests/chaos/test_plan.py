from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.faults import Faults
from tests.chaos.load import HOT, traffic
from tests.chaos.plan import FAMILIES, QUIET_S, plan


@given(st.integers(0, 10**6), st.floats(20, 900), st.floats(1, 30))
def test_a_seed_repeats_its_plan_and_begins_and_ends_in_quiet(seed: int, seconds: float, every_s: float) -> None:
    planned = plan(seed, seconds, every_s)
    assert planned == plan(seed, seconds, every_s)
    assert all(QUIET_S <= fault.at_s <= seconds - QUIET_S for fault in planned)


def test_every_fault_happens_before_one_happens_twice() -> None:
    every = [fault for faults in FAMILIES.values() for fault in faults]
    planned = plan(1, 600, 5)
    assert sorted(fault.fault for fault in planned[: len(every)]) == sorted(every)
    assert len(planned) >= 30


def test_every_fault_can_happen() -> None:
    for faults in FAMILIES.values():
        for fault in faults:
            assert callable(getattr(Faults, fault))


def test_a_seed_repeats_its_traffic_with_everything_in_it() -> None:
    made = list(islice(traffic(7, reach_s=9.0), 60_000))
    assert made == list(islice(traffic(7, reach_s=9.0), 60_000))
    keys = [key for _, (key, _) in made]
    assert None in keys
    assert keys.count(HOT.encode()) > 5_000
    assert any(shift_s < -9 for shift_s, _ in made)
    assert any(shift_s > 1_000 for shift_s, _ in made)
