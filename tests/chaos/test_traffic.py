from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import islice

from tests.chaos.traffic import BRIDGE, HOT, HOT_KEY, HUGE, KINDS, LARGEST, POISON, TOO_LARGE, Bounds, Made, traffic

BOUNDS = Bounds(gap_s=6.0, grace_s=3.0, max_record_bytes=20_000)
NOW_S = 1_767_225_600.5


@cache
def some() -> list[Made]:
    return list(islice(traffic(7, BOUNDS), 80_000))


def test_a_seed_repeats_its_traffic() -> None:
    assert some()[:5_000] == list(islice(traffic(7, BOUNDS), 5_000))


def test_everything_is_in_the_traffic() -> None:
    made = some()
    kinds = Counter(kind for one in made for kind in one.kinds)
    assert set(kinds) == set(KINDS)
    assert 50 < kinds[POISON] < 120
    keys = [one.key for one in made[40_000:]]
    assert 0.45 < keys.count(HOT.encode()) / len(keys) < 0.55
    assert kinds[HOT_KEY] > 15_000
    assert any(one.shift_s > 1_000 for one in made)
    assert any(one.shift_s < -1_000 for one in made)


def test_large_records_lie_on_both_sides_of_the_bound() -> None:
    sizes = {kind: {len(one.at(NOW_S)) for one in some() if kind in one.kinds} for kind in (LARGEST, TOO_LARGE, HUGE)}
    assert sizes == {LARGEST: {20_000}, TOO_LARGE: {20_001}, HUGE: {1_500_000}}


def test_a_late_event_bridges_two_sessions_that_are_open_still() -> None:
    made = some()
    last = next(index for index, one in enumerate(made) if BRIDGE in one.kinds)
    first, second, between = made[last - 2 : last + 1]
    assert first.key == second.key == between.key
    assert second.shift_s - first.shift_s > BOUNDS.gap_s
    assert between.shift_s - first.shift_s <= BOUNDS.gap_s
    assert second.shift_s - between.shift_s <= BOUNDS.gap_s
    assert -first.shift_s < BOUNDS.reach_s
