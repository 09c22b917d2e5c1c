"""The record of `weir.late` for an event whose session has closed already."""

from __future__ import annotations

from weir.kafka.records import InputRecord, Output
from weir.topics import LATE


def late(record: InputRecord, visitor: str) -> Output:
    """The record as received, with the visitor as key and its input position in headers."""
    headers = (
        ("topic", record.topic.encode()),
        ("partition", b"%d" % record.partition),
        ("offset", b"%d" % record.offset),
        ("timestamp", b"%d" % record.timestamp),
    )
    return Output(LATE, visitor.encode(), record.value, headers)
