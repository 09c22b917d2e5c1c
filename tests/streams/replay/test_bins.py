from hypothesis import given
from hypothesis import strategies as st

from streams.replay.bins import TimeBins


@given(st.lists(st.floats(0, 7e9)), st.integers(1, 20))
def test_every_moment_is_counted_once_in_a_bounded_number_of_bins(moments: list[float], at_most: int) -> None:
    bins = TimeBins(at_most)
    for ts in moments:
        bins.add(ts)
    found = list(bins)
    assert sum(count for _, count in found) == len(moments)
    assert len(found) <= at_most
    for ts in moments:
        assert any(start <= ts < start + bins.width_s for start, _ in found)


def test_a_short_span_is_counted_by_the_minute() -> None:
    bins = TimeBins()
    for ts in (0.0, 59.9, 60.0, 150.0):
        bins.add(ts)
    assert list(bins) == [(0.0, 2), (60.0, 1), (120.0, 1)]
