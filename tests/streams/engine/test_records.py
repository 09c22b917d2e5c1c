from __future__ import annotations

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]  # it has no stubs
from aiokafka.errors import CorruptRecordException  # type: ignore[import-untyped]  # likewise

from streams.engine.fetched import FetchedRecord
from streams.engine.records import FetchedRecords, FetchResponse
from tests.support.odd_headers import OddName, batch_of

PLAIN = [(b"k0", b"v0", [("name", b"1")]), (b"k1", b"v1", [])]
ODD = (b"k2", b"v2", [("weir-watermark", b"idle"), (OddName("x"), b"1")])


def fetched(data: bytes, begin: int = 0) -> FetchedRecords:
    return FetchedRecords(TopicPartition("t", 3), FetchResponse(data), None, begin, None, None, True, 1)


def told(records: list[FetchedRecord]) -> list[tuple[int, bytes | None, bytes | None, list[tuple[str, bytes]]]]:
    return [(one.offset, one.key, one.value, list(one.headers)) for one in records]


def test_a_header_whose_name_is_no_text_takes_no_record_away() -> None:
    data = batch_of(PLAIN) + batch_of([PLAIN[1], ODD, PLAIN[0]], base=2) + batch_of(PLAIN, base=5)
    records = fetched(data)
    assert told(list(records)) == [
        (0, b"k0", b"v0", [("name", b"1")]),
        (1, b"k1", b"v1", []),
        (2, b"k1", b"v1", []),
        (3, b"k2", b"v2", []),
        (4, b"k0", b"v0", [("name", b"1")]),
        (5, b"k0", b"v0", [("name", b"1")]),
        (6, b"k1", b"v1", []),
    ]
    assert records.next_fetch_offset == 7


@pytest.mark.parametrize("begin", [2, 3, 4])
def test_within_a_batch_reading_goes_on_where_it_was_to_begin(begin: int) -> None:
    data = batch_of([PLAIN[1], ODD, PLAIN[0]], base=2) + batch_of(PLAIN, base=5)
    assert [one.offset for one in fetched(data, begin)] == list(range(begin, 7))


def test_a_batch_that_is_broken_otherwise_is_refused() -> None:
    data = bytearray(batch_of(PLAIN))
    data[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        list(fetched(bytes(data)))
