"""Finds records about one visitor, session or event by reading topics, since Kafka has no index by content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, OffsetRange, PartitionId
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import Topic

EVERY_RECORDS = 1_000
"""Number of records between two reports of progress, and between two calls of `is_over`."""


@dataclass(frozen=True, slots=True)
class TopicRanges:
    """The ranges of offsets of some topics that are read."""

    ranges: dict[PartitionId, OffsetRange]
    is_whole: bool = True
    """Whether the ranges begin at the first record of each partition."""

    @property
    def records(self) -> int:
        """Most records in the ranges; there may be fewer, since compaction and transactions leave gaps."""
        return sum(offsets.end - offsets.start for offsets in self.ranges.values())


def ranges_of(
    reader: LogReader, settings: Settings, topics: Sequence[Topic], visitor: str | None, at_most: int | None = None
) -> TopicRanges:
    """The ranges to read for a visitor, or of all partitions.

    Args:
        reader: a reader of these topics.
        settings: have the topics' full names.
        topics: the topics to read.
        visitor: if given, only the visitor's partition of topics that are keyed by visitor.
        at_most: if given, the number of newest records of each partition to read.

    Raises:
        ClusterError: the cluster is unreachable, or lacks a topic.
    """
    there = reader.ranges()
    keyed = {settings.names.public(topic) for topic in topics if topic.key == "visitor id"}
    widths = {name: sum(one == name for one, _ in there) for name in keyed}
    chosen = {
        (name, partition): OffsetRange(
            offsets.start if at_most is None else max(offsets.start, offsets.end - at_most), offsets.end
        )
        for (name, partition), offsets in there.items()
        if visitor is None or name not in keyed or partition == partition_for(visitor.encode(), widths[name])
    }
    return TopicRanges(chosen, all(offsets.start == there[partition].start for partition, offsets in chosen.items()))


def read_ranges(
    reader: LogReader,
    ranges: TopicRanges,
    advance: Callable[[int], None] = lambda _: None,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[LogRecord]:
    """Every committed record of some ranges, until `is_over` returns True.

    Args:
        reader: a reader of the ranges' topics.
        ranges: the ranges to read.
        advance: called with the number of records read since the last call.
        is_over: called at intervals; True ends the reading.

    Raises:
        ClusterError: no record came for long before the end.
    """
    begin = {partition: offsets.start for partition, offsets in ranges.ranges.items()}
    end = {partition: offsets.end for partition, offsets in ranges.ranges.items()}
    unreported = 0
    for record in reader.read(begin, end):
        unreported += 1
        if unreported >= EVERY_RECORDS:
            advance(unreported)
            unreported = 0
            if is_over():
                return
        yield record
    advance(unreported)


def record_at(settings: Settings, topic: Topic, partition: int, offset: int) -> LogRecord | None:
    """The committed record at a position of a topic; None if there is none.

    Raises:
        ClusterError: the cluster is unreachable, or lacks the topic.
    """
    name = settings.names.public(topic)
    place = (name, partition)
    with LogReader(settings, [name]) as reader:
        span = reader.ranges().get(place)
        if span is None or not span.start <= offset < span.end:
            return None
        found = reader.read({place: offset}, {place: offset + 1})
        return next((record for record in found if record.offset == offset), None)


class Mention:
    """Checks by a record's bytes, without decoding, whether the record may contain a name.

    The caller must decode the record then: the name may be in another field, or part of a longer name.
    """

    def __init__(self, name: str) -> None:
        self._plain = name.encode(errors="surrogatepass")
        as_json = msgspec.json.encode(name)[1:-1] if _is_text(name) else self._plain
        self._forms = tuple(dict.fromkeys((self._plain, as_json)))
        # Some producers write a slash, or characters beyond ASCII, as escapes.
        self._is_plain = name.isascii() and "/" not in name and self._plain == as_json

    def __contains__(self, record: object) -> bool:
        """Whether the record's key is the name, or its value may contain the name."""
        if not isinstance(record, LogRecord):
            return False
        if record.key == self._plain:
            return True
        value = record.value or b""
        if any(form in value for form in self._forms):
            return True
        return not self._is_plain and b"\\" in value


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
