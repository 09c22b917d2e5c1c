"""Whether an event arrived where its visitor's other events are; if not, the record that sends it there.

One visitor, one partition: what lies elsewhere is written to `weir.events` once more, under the right key, with its
first arrival in a header. A record that is in the wrong place a second time means that the topic has another number
of partitions than this worker believes: going on would split visitors in two.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from weir.errors import WorkError
from weir.kafka.records import InputRecord, Output
from weir.partitioner import partition_for
from weir.topics import EVENTS

HEADER = "weir-rekeyed"
MOST_HEADER_BYTES = 65_536
"""Of a stranger's headers, what a re-keyed record carries along; more would make it larger than its topic takes."""
_BYTES_AROUND_HEADER = 10
_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What Kafka itself has for offsets and times; of larger numbers no time can be made."""


class FirstArrival(msgspec.Struct, frozen=True):
    """Where and when an event that was re-keyed came in first."""

    partition: _Int64
    offset: _Int64
    timestamp: _Int64
    """Append time, ms since the epoch."""


STANDS_IN = -1
"""Offset of a first arrival that a producer wrote, for a line whose time can't be believed; it was nowhere before."""
_decode = msgspec.json.Decoder(FirstArrival).decode
_encode = msgspec.json.Encoder().encode


def first_arrival(record: InputRecord) -> FirstArrival | None:
    """Where the event came in first, None for a record that was not re-keyed, or not by us."""
    for name, value in record.headers:
        if name == HEADER:
            try:
                return _decode(value)
            except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
                return None
    return None


def was_rekeyed(first: FirstArrival | None) -> bool:
    """Whether a worker sent the event on, and no producer."""
    return first is not None and first.offset != STANDS_IN


def stand_in(append_ms: int) -> tuple[str, bytes]:
    """The header by which a producer says when a line would have arrived, had it been sent as it happened."""
    return HEADER, _encode(FirstArrival(0, STANDS_IN, append_ms))


def is_in_place(record: InputRecord, visitor: str, partitions: int) -> bool:
    """Whether the record's key is the visitor, and its partition the one that murmur2 says."""
    key = visitor.encode()
    return record.key == key and partition_for(key, partitions) == record.partition


def rekeyed(record: InputRecord, visitor: str) -> Output:
    """The record that sends an event to where its visitor belongs.

    Raises:
        WorkError: it was sent there before.
    """
    # Under another key it is none of ours, whatever its header says: a stranger's copy must not stop the worker.
    first = first_arrival(record)
    if record.key == visitor.encode() and was_rekeyed(first):
        raise WorkError(
            f"A re-keyed event lies in the wrong partition again ({record.partition}, offset {record.offset}).",
            "Compare the topic's partitions with the setting `partitions`: run `weir topics check`.",
        )
    timestamp = record.timestamp if first is None else min(first.timestamp, record.timestamp)
    arrival = _encode(FirstArrival(record.partition, record.offset, timestamp))
    headers = [(name, value) for name, value in record.headers if name != HEADER]
    # A producer that compresses may send far more of them than fits into what is written here.
    if (
        sum(len(name.encode()) + len(value or b"") + _BYTES_AROUND_HEADER for name, value in headers)
        > MOST_HEADER_BYTES
    ):
        headers = []
    return Output(EVENTS, visitor.encode(), record.value, (*headers, (HEADER, arrival)))
