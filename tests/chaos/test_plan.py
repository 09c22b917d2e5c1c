from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.faults import Faults
from tests.chaos.faults.brokers import java_hash
from tests.chaos.plan import FAMILIES, FAMILY, QUIET_S, impossible, plan


@given(st.integers(0, 10**6), st.floats(20, 900), st.floats(1, 30))
def test_a_seed_repeats_its_plan_and_begins_and_ends_in_quiet(seed: int, seconds: float, every_s: float) -> None:
    planned = plan(seed, seconds, every_s)
    assert planned == plan(seed, seconds, every_s)
    assert all(QUIET_S <= fault.at_s <= seconds - QUIET_S for fault in planned)


def test_every_fault_happens_before_one_happens_twice() -> None:
    planned = plan(1, 600, 5)
    assert sorted(fault.fault for fault in planned[: len(FAMILY)]) == sorted(FAMILY)
    assert len(planned) >= 30


def test_a_second_part_has_the_faults_for_which_the_first_had_no_time_left() -> None:
    first = plan(1, 60, 6)
    both = [fault.fault for fault in (*first, *plan(1, 60, 6, part=2))]
    assert len(first) < len(both) < len(FAMILY)
    assert len(set(both)) == len(both)


def test_what_one_node_cannot_suffer_is_not_planned_for_it_and_has_a_reason() -> None:
    planned = {fault.fault for fault in plan(1, 600, 5, nodes=1)}
    assert planned == set(FAMILY) - set(impossible(1))
    assert all(impossible(1).values())
    assert not impossible(3)


def test_only_what_was_asked_for_is_planned() -> None:
    assert {fault.fault for fault in plan(1, 60, 5, ["full_disk"])} == {"full_disk"}


def test_every_fault_can_happen_and_belongs_to_one_family() -> None:
    assert len(FAMILY) == sum(len(faults) for faults in FAMILIES.values())
    for fault in FAMILY:
        assert callable(getattr(Faults, fault))


def test_a_coordinator_is_found_as_brokers_find_it() -> None:
    assert java_hash("") == 0
    assert java_hash("weir") == 3_645_559
    assert java_hash("polygenelubricants") == 2**31
