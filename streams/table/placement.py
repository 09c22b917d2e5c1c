"""Where a partition is read from, and when the stage must not go on: plain functions over what is known.

The table's own position counts. Whatever contradicts it is told in a sentence, since rows that are missing or there
twice look like any others.
"""

from __future__ import annotations

from dataclasses import dataclass

from weir.errors import LostInputError, WorkError
from weir.kafka.records import OffsetRange

ACCEPT = "`weir table accept` lets the stage go on from there"


@dataclass(frozen=True, slots=True)
class KnownPartition:
    """What is known of one partition when it is taken over."""

    topic: str
    partition: int
    position: int | None
    """The table's own, of the topic as it is now; None: it has none."""
    committed: int | None
    """The group's, by the topic's name."""
    log: OffsetRange
    knows_topic: bool
    """Whether the table was written from a topic of this name, this one or an earlier one, ever."""


def start_of(known: KnownPartition) -> int:
    """The offset to read on from.

    Raises:
        LostInputError: records between the table's position and the log's beginning are gone.
        WorkError: the group has written this partition before, and the table knows nothing of it.
    """
    name = f"partition {known.partition} of {known.topic}"
    if known.position is None:
        if known.committed and not known.knows_topic:
            raise WorkError(
                f"The table knows nothing of {name}, of which {known.committed:,} records had been read before: was "
                "it moved, removed, or `table_uri` changed?",
                f"Put it back, or {ACCEPT}: it is then written anew from what the topic still holds.",
            )
        return known.log.start
    if known.position < known.log.start:
        raise LostInputError(
            f"The table has {name} up to offset {known.position:,}, and the topic begins at {known.log.start:,}: what "
            "lies between is gone.",
            f"Is the table an old copy? Otherwise the stage stood for longer than the topic keeps. {ACCEPT}.",
        )
    if known.position > known.log.end:
        raise WorkError(
            f"The table has {name} up to offset {known.position:,}, and the topic ends at {known.log.end:,}.",
            "Records of the topic were lost: look at the brokers.",
        )
    return known.position
