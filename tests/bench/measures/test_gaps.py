from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.measures.gaps import Gap, by_second, longest_gap, rate

SECONDS = st.lists(st.floats(0, 100), max_size=20)


def test_the_longest_gap_is_between_two_records_or_at_an_edge() -> None:
    assert longest_gap([1.0, 2.0, 7.0, 8.0], 0.0, 10.0) == Gap(2.0, 7.0)
    assert longest_gap([6.0, 7.0], 0.0, 10.0) == Gap(0.0, 6.0)
    assert longest_gap([1.0, 2.0], 0.0, 10.0) == Gap(2.0, 10.0)
    assert longest_gap([], 0.0, 10.0) == Gap(0.0, 10.0)


@given(SECONDS)
def test_no_record_lies_in_a_gap_whatever_order_they_come_in(times_s: list[float]) -> None:
    gap = longest_gap(times_s, 10.0, 90.0)
    assert not [time_s for time_s in times_s if gap.begun_s < time_s < gap.over_s]


def test_a_rate_counts_whole_seconds_and_those_without_a_record() -> None:
    counts = by_second([0.5, 1.1, 1.2, 1.3, 3.9, 4.0])
    assert counts == {0: 1, 1: 3, 3: 1, 4: 1}
    assert rate(counts, 0.2, 4.5) == (4 / 3, 1.0)
    assert rate(counts, 0.2, 0.9) == (0.0, 0.0)
