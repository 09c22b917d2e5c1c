from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from streams.sessionize.silence import Silence
from weir.kafka.records import Output

GAP_S, GRACE_S, IDLE_S = 100.0, 20.0, 10.0
CLOSED_AFTER_S = GAP_S + GRACE_S


def silence() -> Silence:
    return Silence(GAP_S, GRACE_S, IDLE_S)


def marks(outputs: Iterable[Output]) -> list[tuple[int | None, float]]:
    return [(one.partition, json.loads(one.value or b"")["watermark"]) for one in outputs]


def test_time_passes_in_a_partition_that_others_outlive() -> None:
    clock = silence()
    clock.observe(0, 1_000.0)
    assert marks(clock.advance_to(1_009.0)) == []
    assert marks(clock.advance_to(1_010.0)) == [(0, 1_010.0)]
    assert marks(clock.advance_to(1_050.0)) == [(0, 1_050.0)]


def test_a_partition_without_open_sessions_gets_no_more() -> None:
    clock = silence()
    clock.observe(0, 1_000.0)
    assert marks(clock.advance_to(5_000.0)) == [(0, 5_000.0)]
    assert marks(clock.advance_to(9_000.0)) == []
    clock.observe(0, 9_000.0)
    assert marks(clock.advance_to(9_020.0)) == [(0, 9_020.0)]


def test_an_event_behind_the_newest_moves_its_partition_by_the_time_that_passed_since() -> None:
    clock = silence()
    assert marks(clock.advance_to(2_000.0)) == []
    clock.observe(1, 1_990.0)
    assert marks(clock.advance_to(2_015.0)) == [(1, 2_005.0)]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 60)), min_size=1, max_size=80))
def test_no_partition_ever_passes_the_inputs_time_and_each_that_is_open_keeps_up(
    written: list[tuple[int, float]],
) -> None:
    clock, now_s = silence(), 0.0
    reached: dict[int, float] = {}
    newest: dict[int, float] = {}
    for partition, step_s in written:
        now_s += step_s
        for other, mark in marks(clock.advance_to(now_s)):
            assert other is not None
            assert reached[other] <= mark <= now_s + 1e-6
            reached[other] = mark
        for other, at in reached.items():
            is_open = at <= newest[other] + CLOSED_AFTER_S
            assert not is_open or now_s - at < IDLE_S + 1e-6
        clock.observe(partition, now_s)
        reached[partition] = newest[partition] = now_s
