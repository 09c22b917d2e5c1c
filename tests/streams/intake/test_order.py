from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.line import BadLine, Line
from streams.intake.order import (
    LOOKAHEAD,
    UnopenedFile,
    merged,
    numbered_among_equals,
    sorted_within,
    stand_in_arrivals,
    when,
)
from weir.contracts.dead_letter_reason import DeadLetterReason

AHEAD_S = 300.0
BAD = BadLine("log", 1, b"?", DeadLetterReason.UNREADABLE_LINE, "No.")
TIMES = st.floats(0, 100_000, allow_nan=False).map(lambda ts: round(ts, 3))


def line(ts: float, raw: bytes = b"", *, is_asset: bool = False) -> Line:
    return Line("log", 1, b"anna", b'{"event_id":"abc-1"}', ts, "abc", raw, is_asset)


def times(lines: Iterable[Line | BadLine]) -> list[float]:
    return [one.ts for one in lines if isinstance(one, Line)]


@given(st.lists(st.floats(0, 20), min_size=21, max_size=60), st.data())
def test_a_few_lines_far_ahead_move_nothing_and_all_others_keep_their_time(
    gaps: list[float], data: st.DataObject
) -> None:
    own = list(accumulate(gaps))
    future = data.draw(st.sets(st.integers(0, len(own) - 12), max_size=5))
    lines: list[Line | BadLine] = [line(1e9 if at in future else ts) for at, ts in enumerate(own)]
    found = list(stand_in_arrivals([*lines[:5], BAD, *lines[5:]], AHEAD_S))
    assert found.pop(5) == BAD
    for at, one in enumerate(found):
        assert isinstance(one, Line)
        if at in future:
            assert one.appended_s == min(
                other for n, other in enumerate(own) if at < n <= at + LOOKAHEAD and n not in future
            )
        else:
            assert one == lines[at]


def test_a_line_before_an_old_one_keeps_its_time() -> None:
    hour_long = [line(10_000.0 + n) for n in range(30)]
    hour_long.insert(15, line(6_400.0))
    assert list(stand_in_arrivals(hour_long, AHEAD_S)) == hour_long


@pytest.mark.parametrize("seed", range(20))
def test_a_file_in_no_order_keeps_its_times(seed: int) -> None:
    joined = [line(90_000.0 + n) for n in range(30)] + [line(float(n)) for n in range(30)]
    for step_s in (20.0, 400.0, 5_000.0):
        falling = [line(90_000.0 - step_s * n) for n in range(15)]
        assert list(stand_in_arrivals(falling, AHEAD_S)) == falling
    assert list(stand_in_arrivals(joined, AHEAD_S)) == joined
    shuffled = [line(1_000.0 * n) for n in range(40)]
    random.Random(seed).shuffle(shuffled)
    moved = [
        one for one in stand_in_arrivals(shuffled, AHEAD_S) if isinstance(one, Line) and one.appended_s is not None
    ]
    assert len(moved) <= 1


def test_a_line_from_the_future_moves_nothing() -> None:
    lines = [line(10.0), line(1e9), line(11.0), line(12.0)]
    assert [when(one) for one in stand_in_arrivals(lines, AHEAD_S) if isinstance(one, Line)] == [10.0, 11.0, 11.0, 12.0]


@given(st.lists(st.lists(TIMES, min_size=1).map(sorted), max_size=6))
def test_files_in_order_are_merged_into_one_in_order(files: list[list[float]]) -> None:
    sources = [UnopenedFile(one[0], bytes([at]), partial(map, line, one)) for at, one in enumerate(files)]
    assert times(merged(sources)) == sorted(ts for one in files for ts in one)


def test_a_file_is_opened_when_its_time_has_come() -> None:
    opened: list[int] = []

    def opening(number: int) -> Iterator[Line]:
        opened.append(number)
        yield line(number * 100.0)
        yield line(number * 100.0 + 50)

    lines = merged([UnopenedFile(n * 100.0, b"", partial(opening, n)) for n in (2, 0, 1)])
    assert next(lines) == line(0.0)
    assert opened == [0]
    assert times(lines) == [50.0, 100.0, 150.0, 200.0, 250.0]
    assert opened == [0, 1, 2]


def test_bad_lines_keep_their_place_in_a_merged_file() -> None:
    files = [[line(1.0), BAD, line(3.0)], [line(2.0)]]
    sources = [UnopenedFile(float(at + 1), b"", partial(iter, one)) for at, one in enumerate(files)]
    assert list(merged(sources)) == [line(1.0), BAD, line(2.0), line(3.0)]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 60)), max_size=100))
def test_lines_that_lie_within_the_grace_period_are_sorted(written: list[tuple[int, float]]) -> None:
    ends = sorted(written, key=lambda one: one[0] + one[1])  # written when the request ended
    assert times(sorted_within([line(float(start)) for start, _ in ends], 60.0)) == sorted(float(s) for s, _ in written)


def test_lines_of_one_moment_have_one_order_pages_before_what_they_load() -> None:
    lines = [line(1.0, b"a", is_asset=True), line(1.0, b"c"), line(1.0, b"b")]
    for order in (lines, lines[::-1]):
        assert [one.raw for one in sorted_within(order, 60.0) if isinstance(one, Line)] == [b"b", b"c", b"a"]


def test_sorting_holds_a_bounded_number_of_lines() -> None:
    endless = (line(5.0) for _ in range(1_000))
    next(sorted_within(endless, 60.0, most=10))
    assert len(list(endless)) == 1_000 - 11


def test_equal_lines_are_told_apart_by_their_number() -> None:
    lines: list[Line | BadLine] = [line(1.0), line(1.0), BAD, line(1.0), line(2_000.0)]
    ids = [one.value for one in numbered_among_equals(lines, 600.0) if isinstance(one, Line)]
    assert ids == [b'{"event_id":"abc-%d"}' % number for number in (1, 2, 3, 4)]
