"""The headers of a dead letter: reason and origin of a record that could not be processed."""

from __future__ import annotations

from weir.contracts.base import Count, Record


class DeadLetterHeaders(Record):
    """The headers of a record of `weir.dead-letter`; its key and value are the bytes as received."""

    reason: str
    """A code, see `weir/contracts/dead_letter_reason.py`."""
    detail: str
    """A sentence that a producer can act on."""
    topic: str
    """Topic of the record as received."""
    partition: Count
    """Partition of the record as received."""
    offset: Count
    """Offset of the record as received."""
    timestamp: Count
    """Append time, ms."""
    weir_version: str
    """Version of Weir that wrote the dead letter; the header is `weir-version`."""
