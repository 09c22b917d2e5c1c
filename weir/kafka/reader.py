"""Reads topics without a group: committed records unless asked otherwise, from any offset to any offset."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from weir.errors import ClusterError
from weir.kafka.calls import ANSWER_TIMEOUT_S, answer, as_cluster_error, patiently
from weir.kafka.consumer import Isolation, assign, consumer_without_group
from weir.kafka.messages import record_of
from weir.kafka.records import LogRecord, OffsetRange, PartitionId
from weir.settings import Settings
from weir.topics import Topic

BATCH_RECORDS = 1_000
POLL_S = 0.1
STALL_TIMEOUT_S = 30.0


def read_all(settings: Settings, topic: Topic) -> Iterator[LogRecord]:
    """All committed records that a topic has now. Partitions are interleaved, and each is in the order of offsets.

    Raises:
        ClusterError: the cluster doesn't answer, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(topic)]) as reader:
        ranges = reader.ranges()
        begin = {partition: offsets.start for partition, offsets in ranges.items()}
        yield from reader.read(begin, {partition: offsets.end for partition, offsets in ranges.items()})


class LogReader:
    """A consumer without a group; a context manager.

    Args:
        settings: addresses of the brokers.
        topics: full names.
        isolation: whether records of open and aborted transactions are read too.
        stall_timeout_s: how long `read` waits for the next record before it raises.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[str],
        isolation: Isolation = "read_committed",
        stall_timeout_s: float = STALL_TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._stall_timeout_s = stall_timeout_s
        self._consumer = consumer_without_group(settings, isolation=isolation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def ranges(self) -> dict[PartitionId, OffsetRange]:
        """First offset and last stable offset of every partition, as of now.

        Raises:
            ClusterError: the cluster is not there, or lacks a topic.
        """
        there = answer(self._consumer.list_topics, self._settings, timeout=ANSWER_TIMEOUT_S).topics
        for name in self._topics:
            if name not in there:
                raise ClusterError(f"There is no topic {name}.", "`weir topics create` makes it.")
        return {
            (name, partition): self._ask_range(name, partition)
            for name in self._topics
            for partition in sorted(there[name].partitions)
        }

    def since(self, timestamp_ms: int) -> dict[PartitionId, int]:
        """Offset of the first record with that timestamp or a later one; the end of a partition that has none.

        Raises:
            ClusterError: the cluster is not there, or lacks a topic.
        """
        ranges = self.ranges()
        return self.since_each(dict.fromkeys(ranges, timestamp_ms), ranges)

    def since_each(
        self, timestamps_ms: Mapping[PartitionId, int], ranges: Mapping[PartitionId, OffsetRange]
    ) -> dict[PartitionId, int]:
        """As `since`, with a timestamp for each partition; `ranges` as `ranges()` gave them.

        The admin client's call for this is not used: a new admin client of librdkafka 2.16 sometimes loses the response
        that names a partition's leader, asks again after one and three seconds, and timed out on a busy machine.

        Raises:
            ClusterError: the cluster is not there, or lacks a topic.
        """
        asked = [TopicPartition(*partition, timestamp_ms) for partition, timestamp_ms in timestamps_ms.items()]
        if not asked:
            return {}
        found = answer(
            patiently(self._consumer.offsets_for_times), self._settings, partitions=asked, timeout=ANSWER_TIMEOUT_S
        )
        at = {(one.topic, one.partition): one.offset for one in found}
        return {partition: offset if offset >= 0 else ranges[partition].end for partition, offset in at.items()}

    def read(self, begin: Mapping[PartitionId, int], end: Mapping[PartitionId, int]) -> Iterator[LogRecord]:
        """Every record from `begin` to before `end`. Partitions are interleaved, and each is in the order of offsets.

        Raises:
            ClusterError: no record came for long before the end.
        """
        unfinished = {partition for partition, offset in end.items() if offset > begin[partition]}
        assign(self._consumer, {partition: begin[partition] for partition in unfinished})
        deadline = time.monotonic() + self._stall_timeout_s
        while unfinished:
            messages = self._poll()
            if not messages and time.monotonic() > deadline:
                raise ClusterError("Kafka delivers nothing more.", "`weir doctor` checks the cluster.")
            for message in messages:
                partition = _partition(message)
                if not _is_end(message) and _offset(message) < end[partition]:
                    yield record_of(message)
                if _next_offset(message) >= end[partition]:
                    unfinished.discard(partition)
            if messages:
                # The time begins after the yield, since the caller may have taken long.
                deadline = time.monotonic() + self._stall_timeout_s

    def follow(
        self,
        begin: Mapping[PartitionId, int],
        *,
        on_end: Callable[[], None] = lambda: None,
        on_idle: Callable[[], None] = lambda: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> Iterator[LogRecord]:
        """Every record from `begin` on, until `is_over` returns True.

        `on_end` is called once, when every partition has been read to its end. `on_idle` is called whenever there is
        no record yet.
        """
        assign(self._consumer, begin)
        unfinished = set(begin)
        if not unfinished:
            on_end()
        while not is_over():
            is_idle = True
            for message in self._poll():
                if not _is_end(message):
                    is_idle = False
                    yield record_of(message)
                elif unfinished:
                    unfinished.discard(_partition(message))
                    if not unfinished:
                        on_end()
            if is_idle:
                on_idle()

    def _ask_range(self, name: str, partition: int) -> OffsetRange:
        low, high = answer(
            patiently(self._consumer.get_watermark_offsets),
            self._settings,
            partition=TopicPartition(name, partition),
            timeout=ANSWER_TIMEOUT_S,
        )
        return OffsetRange(low, high)

    def _poll(self) -> list[Message]:
        messages = self._consumer.consume(BATCH_RECORDS, POLL_S)
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 -- its public name
                raise as_cluster_error(KafkaException(error), self._settings)
        return messages


def _is_end(message: Message) -> bool:
    return message.error() is not None


def _partition(message: Message) -> PartitionId:
    return message.topic() or "", message.partition() or 0


def _offset(message: Message) -> int:
    return message.offset() or 0


def _next_offset(message: Message) -> int:
    # At the end of a partition the client returns the next offset, past the markers of transactions.
    offset = _offset(message)
    return offset if _is_end(message) else offset + 1
