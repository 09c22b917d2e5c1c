"""A log in memory with Kafka's topics, partitions and offsets; it stores only records that no stage has read yet."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from weir.kafka.records import LogRecord, Output
from weir.partitioner import partition_for
from weir.topics import Names, Topic


class MemoryLog:
    """Topics of one installation. Records of the topics in `read` are stored until a stage takes them.

    Each record gets the offset that it would have in Kafka, and `timestamp_ms` as its append time.
    """

    def __init__(self, names: Names, visitors: int, timestamp_ms: int, read: Iterable[Topic]) -> None:
        self._names = names
        self._visitors = visitors
        self._timestamp_ms = timestamp_ms
        self._read = {topic.name for topic in read}
        self._ends: dict[tuple[str, int], int] = defaultdict(int)
        self._pending: dict[tuple[str, int], deque[LogRecord]] = defaultdict(deque)

    def append(self, output: Output, timestamp_ms: int | None = None) -> LogRecord:
        """Appends a record to its partition; without a partition, to that of its key by murmur2 or to the first.

        `timestamp_ms` is the record's append time; the default is the log's.
        """
        topic, partition = output.topic, output.partition
        if partition is None:
            width = topic.partitions(self._visitors)
            partition = 0 if output.key is None else partition_for(output.key, width)
        at = (topic.name, partition)
        record = LogRecord(
            topic=self._names.public(topic),
            partition=partition,
            offset=self._ends[at],
            timestamp=self._timestamp_ms if timestamp_ms is None else timestamp_ms,
            key=output.key,
            value=output.value,
            headers=output.headers,
        )
        self._ends[at] += 1
        if topic.name in self._read:
            self._pending[at].append(record)
        return record

    def put(self, topic: Topic, record: LogRecord) -> None:
        """Appends a record that has its partition and offset already."""
        self._pending[topic.name, record.partition].append(record)

    def take(self, topic: Topic, partition: int) -> list[LogRecord]:
        """All records of a partition that were not taken before, in offset order."""
        pending = self._pending.pop((topic.name, partition), None)
        return list(pending) if pending else []
