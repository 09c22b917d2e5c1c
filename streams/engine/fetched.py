"""What was fetched of one partition at once: what reaches an agent as a single message."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from weir.kafka.records import Headers, InputRecord


class FetchPosition(NamedTuple):
    """Where fetching of a partition was set to, and by which of our seeks."""

    offset: int
    seek: int


class FetchedRecord(msgspec.Struct, gc=False):  # it can be in no cycle
    """One record of a fetch."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Fetched:
    """Committed records of one partition in offset order, with the fetch positions before and after them.

    Positions, not offsets, say what has been read: control records and aborted ones take offsets too, so a fetch may
    hold no record at all and still move on.
    """

    topic: str
    partition: int
    records: Sequence[InputRecord]
    start: int
    end: int
    generation: int
    """The group's generation at the fetch: a batch of an older one is dropped."""
    seek: int
    """The seek that it follows: a batch from before a newer seek is dropped."""

    def unread(self, position: int) -> Sequence[InputRecord]:
        """The records at or above `position`."""
        if not self.records or self.records[0].offset >= position:
            return self.records
        return self.records[bisect_left(self.records, position, key=_offset) :]

    def follows(self, other: Fetched) -> bool:
        """Whether it begins where the other ends, with the same seek and generation."""
        return (
            self.topic == other.topic
            and self.start == other.end
            and self.seek == other.seek
            and self.generation == other.generation
            and self.partition == other.partition
        )

    def up_to(self, last: Fetched, records: Sequence[InputRecord]) -> Fetched:
        """This fetch and those that follow on it, up to `last`, as one with all their records."""
        return replace(self, records=records, end=last.end)


def _offset(record: InputRecord) -> int:
    return record.offset
