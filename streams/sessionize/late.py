"""An event whose session has closed already, as it goes to `weir.late`."""

from __future__ import annotations

from weir.kafka.records import InputRecord, Output
from weir.topics import LATE


def late(record: InputRecord, visitor: str) -> Output:
    """The record as received, under the visitor's key, its place in the input in headers."""
    headers = (
        ("topic", record.topic.encode()),
        ("partition", b"%d" % record.partition),
        ("offset", b"%d" % record.offset),
        ("timestamp", b"%d" % record.timestamp),
    )
    return Output(LATE, visitor.encode(), record.value, headers)
