"""Plain functions that decide from which offset a partition is read, and when the stage must stop.

The stage reads from the table's position. If the log or the group contradicts it, then the stage stops with an error
message, since missing or duplicate rows can't be recognised later.
"""

from __future__ import annotations

from dataclasses import dataclass

from weir.errors import LostInputError, WorkError
from weir.kafka.records import OffsetRange

ACCEPT = "`weir table accept` lets the stage go on from there"


@dataclass(frozen=True, slots=True)
class KnownPartition:
    """Positions of one partition at its assignment."""

    topic: str
    partition: int
    position: int | None
    """The table's position for the topic with its present id; None if it has none."""
    committed: int | None
    """The group's committed offset, by the topic's name."""
    log: OffsetRange
    knows_topic: bool
    """Whether the table was ever written from a topic of this name."""


def start_of(known: KnownPartition) -> int:
    """The offset from which the partition is read.

    Raises:
        LostInputError: Records between the table's position and the log's beginning were deleted.
        WorkError: The group has written this partition before, but the table has no position of it.
    """
    name = f"partition {known.partition} of {known.topic}"
    if known.position is None:
        if known.committed and not known.knows_topic:
            raise WorkError(
                f"The table has no position of {name}, of which {known.committed:,} records were read before. It may "
                "have been moved or removed, or `table_uri` changed.",
                f"Put the table back, or {ACCEPT}: it is then written anew from the records that the topic still has.",
            )
        return known.log.start
    if known.position < known.log.start:
        raise LostInputError(
            f"The table has {name} up to offset {known.position:,}, and the topic begins at {known.log.start:,}: the "
            "records between were deleted.",
            "If the table is an old copy, put the newest one back. Otherwise the stage stopped for longer than the "
            f"topic's retention: {ACCEPT}.",
        )
    if known.position > known.log.end:
        raise WorkError(
            f"The table has {name} up to offset {known.position:,}, and the topic ends at {known.log.end:,}.",
            "Records of the topic were lost. Check the brokers.",
        )
    return known.position
