"""Records as they are read from Kafka and as stages write them: plain values, without any client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from weir.topics import Topic

Headers = Sequence[tuple[str, bytes]]
PartitionId = tuple[str, int]
"""Full topic name and number of the partition, as Kafka's TopicPartition."""


class OffsetRange(NamedTuple):
    """A range of a partition's log: offsets from `start` to below `end`."""

    start: int
    end: int


class InputRecord(Protocol):
    """A record of an input topic; aiokafka's own records have this shape."""

    @property
    def topic(self) -> str:
        """Full name of the topic."""

    @property
    def partition(self) -> int:
        """Number of the partition."""

    @property
    def offset(self) -> int:
        """Offset in the partition."""

    @property
    def timestamp(self) -> int:
        """Append time, ms since the epoch."""

    @property
    def key(self) -> bytes | None:
        """Key as received."""

    @property
    def value(self) -> bytes | None:
        """Value as received."""

    @property
    def headers(self) -> Headers:
        """Headers as received."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record of a log: on Kafka, or in the memory of a replay."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Append or creation time in ms, by the topic's configuration."""
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Output(msgspec.Struct, frozen=True, gc=False):  # it can be in no cycle
    """A record to be written: in a flush's transaction, or by a sender."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    """None: the partition by murmur2 of the key."""
