"""Checks that an event is in its visitor's partition, and makes the record that sends a misplaced one there.

All events of a visitor must be in one partition. A misplaced event is written to `weir.events` once more, with the
right key, and with its first arrival in a header. If a re-keyed event is in the wrong partition again, then the topic
has another number of partitions than the settings say, and the worker stops: going on would divide visitors.
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
"""Size of a producer's headers up to which a re-keyed record keeps them. Larger ones might exceed the topic's
`max.message.bytes`."""
_BYTES_AROUND_HEADER = 10
"""Upper bound of the length fields of one header in Kafka's record format."""
_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The type of offsets and times in Kafka; larger numbers can't be converted to a time."""


class FirstArrival(msgspec.Struct, frozen=True):
    """Position and time of the first arrival of a re-keyed event."""

    partition: _Int64
    offset: _Int64
    timestamp: _Int64
    """Append time, ms since the epoch."""


STANDS_IN = -1
"""Offset in a first arrival that a producer wrote for a log line: it sets the append time, and the event was at no
position before."""
_decode = msgspec.json.Decoder(FirstArrival).decode
_encode = msgspec.json.Encoder().encode


def first_arrival(record: InputRecord) -> FirstArrival | None:
    """The first arrival in the record's header, None without a valid one."""
    for name, value in record.headers:
        if name == HEADER:
            try:
                return _decode(value)
            except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
                return None
    return None


def was_rekeyed(first: FirstArrival | None) -> bool:
    """Whether a worker, and not a producer, wrote the first arrival."""
    return first is not None and first.offset != STANDS_IN


def stand_in(append_ms: int) -> tuple[str, bytes]:
    """The header with which a producer sets the append time of a line, as if it had been sent when it happened."""
    return HEADER, _encode(FirstArrival(0, STANDS_IN, append_ms))


def is_in_place(record: InputRecord, visitor: str, partitions: int) -> bool:
    """Whether the record's key is the visitor, and its partition that of the key by murmur2."""
    key = visitor.encode()
    return record.key == key and partition_for(key, partitions) == record.partition


def rekeyed(record: InputRecord, visitor: str) -> Output:
    """The record that sends an event to its visitor's partition.

    Raises:
        WorkError: The event was re-keyed before, and is in the wrong partition again.
    """
    # A record with another key was not written by a worker, even if its header differs: a producer's copy of a re-keyed
    # event must not stop the worker.
    first = first_arrival(record)
    if record.key == visitor.encode() and was_rekeyed(first):
        raise WorkError(
            f"A re-keyed event is in the wrong partition again (partition {record.partition}, offset {record.offset}).",
            "The setting `partitions` must be the topic's number of partitions. Run `weir topics check`.",
        )
    timestamp = record.timestamp if first is None else min(first.timestamp, record.timestamp)
    arrival = _encode(FirstArrival(record.partition, record.offset, timestamp))
    headers = [(name, value) for name, value in record.headers if name != HEADER]
    # A producer with compression can send more headers than fit into an uncompressed record.
    if (
        sum(len(name.encode()) + len(value or b"") + _BYTES_AROUND_HEADER for name, value in headers)
        > MOST_HEADER_BYTES
    ):
        headers = []
    return Output(EVENTS, visitor.encode(), record.value, (*headers, (HEADER, arrival)))
