from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.fetched import Fetched
from weir.kafka.records import LogRecord


def batch(offsets: list[int]) -> Fetched:
    records = [LogRecord("events", 0, offset, 0, None, None) for offset in offsets]
    return Fetched("events", 0, records, min(offsets, default=0), max(offsets, default=0) + 1, generation=1, seek=1)


@given(st.lists(st.integers(0, 100), unique=True).map(sorted), st.integers(0, 110))
def test_unread_are_exactly_the_records_at_or_above_the_position(offsets: list[int], position: int) -> None:
    unread = batch(offsets).unread(position)
    assert [record.offset for record in unread] == [offset for offset in offsets if offset >= position]


def test_a_fetch_of_control_records_alone_has_nothing_unread_and_still_moves_on() -> None:
    nothing = Fetched("events", 0, (), start=7, end=9, generation=1, seek=1)
    assert not nothing.unread(7)
    assert nothing.end == 9
