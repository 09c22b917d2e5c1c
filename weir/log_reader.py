"""Reads topics as a bystander: committed records alone, without a group, from any place to any place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from types import TracebackType
from typing import Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from weir.cluster import ANSWER_TIMEOUT_S, answer, as_cluster_error, patiently
from weir.errors import ClusterError
from weir.settings import Settings

Place = tuple[str, int]
"""Topic's full name and partition."""
BATCH_RECORDS = 1_000
POLL_S = 0.1
STALL_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as it lies on Kafka; stages' input records have the same shape."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Append or creation time, ms, as the topic is set."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Where a partition begins, and the offset behind its last stable record."""

    first: int
    end: int


class LogReader:
    """A consumer without a group; a context manager."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._consumer = Consumer(
            {
                **settings.client_options(),
                # Required by the client, and never told to the broker: nothing is committed and nothing subscribed.
                "group.id": f"{settings.application_id}.reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "log_level": 0,
                "error_cb": lambda _: None,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def spans(self) -> dict[Place, Span]:
        """First and end offset of every partition, as of now.

        Raises:
            ClusterError: the cluster is not there, or lacks a topic.
        """
        there = answer(self._consumer.list_topics, self._settings, timeout=ANSWER_TIMEOUT_S).topics
        for name in self._topics:
            if name not in there:
                raise ClusterError(f"There is no topic {name}.", "`weir topics create` makes it.")
        return {
            (name, partition): Span(*self._ask_span(name, partition))
            for name in self._topics
            for partition in sorted(there[name].partitions)
        }

    def since(self, timestamp_ms: int) -> dict[Place, int]:
        """Offset of the first record with that timestamp or a later one; the end of a partition that has none.

        Raises:
            ClusterError: the cluster is not there, or lacks a topic.
        """
        spans = self.spans()
        asked = [TopicPartition(name, partition, timestamp_ms) for name, partition in spans]
        found = answer(
            patiently(self._consumer.offsets_for_times), self._settings, partitions=asked, timeout=ANSWER_TIMEOUT_S
        )
        offsets = {(one.topic, one.partition): one.offset for one in found}
        return {place: offsets[place] if offsets[place] >= 0 else span.end for place, span in spans.items()}

    def read(self, begin: Mapping[Place, int], end: Mapping[Place, int]) -> Iterator[LogRecord]:
        """Every committed record from `begin` up to but without `end`, partitions interleaved, each in its order.

        Raises:
            ClusterError: nothing came for long, though the end is not reached.
        """
        open_places = {place for place, offset in end.items() if offset > begin[place]}
        self._assign({place: begin[place] for place in open_places})
        deadline = time.monotonic() + STALL_TIMEOUT_S
        while open_places:
            messages = self._poll()
            if not messages and time.monotonic() > deadline:
                raise ClusterError("Kafka delivers nothing more.", "`weir doctor` says what is wrong with the cluster.")
            for message in messages:
                place = _place(message)
                if not _is_end(message) and _offset(message) < end[place]:
                    yield _record(message)
                if _next_offset(message) >= end[place]:
                    open_places.discard(place)
            if messages:
                # Not before: whoever reads may have taken long.
                deadline = time.monotonic() + STALL_TIMEOUT_S

    def follow(
        self,
        begin: Mapping[Place, int],
        on_idle: Callable[[], None] = lambda: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> Iterator[LogRecord]:
        """Every committed record from `begin` on until `is_over`; `on_idle` is called whenever there is none yet."""
        self._assign(begin)
        while not is_over():
            messages = [message for message in self._poll() if not _is_end(message)]
            for message in messages:
                yield _record(message)
            if not messages:
                on_idle()

    def _ask_span(self, name: str, partition: int) -> tuple[int, int]:
        low, high = answer(
            patiently(self._consumer.get_watermark_offsets),
            self._settings,
            partition=TopicPartition(name, partition),
            timeout=ANSWER_TIMEOUT_S,
        )
        return low, high

    def _assign(self, begin: Mapping[Place, int]) -> None:
        self._consumer.assign([TopicPartition(name, partition, at) for (name, partition), at in begin.items()])

    def _poll(self) -> list[Message]:
        messages = self._consumer.consume(BATCH_RECORDS, POLL_S)
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 -- its public name
                raise as_cluster_error(KafkaException(error), self._settings)
        return messages


def _is_end(message: Message) -> bool:
    return message.error() is not None


def _place(message: Message) -> Place:
    return str(message.topic()), int(message.partition() or 0)


def _offset(message: Message) -> int:
    return int(message.offset() or 0)


def _next_offset(message: Message) -> int:
    # At the end of a partition the client tells the next offset, past the markers of transactions.
    offset = _offset(message)
    return offset if _is_end(message) else offset + 1


def _record(message: Message) -> LogRecord:
    topic, partition = _place(message)
    return LogRecord(
        topic=topic,
        partition=partition,
        offset=_offset(message),
        timestamp=message.timestamp()[1],
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=headers_of(message),
    )


def headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    """A message's headers; none where a name is no UTF-8, which Kafka takes and the client can't read."""
    try:
        # The client gives pairs; its stubs know a dictionary as well, which is for sending.
        pairs = cast("list[tuple[str, str | bytes | None]]", _checked_headers(message) or [])
    except SystemError:
        return ()
    return tuple((name, _bytes(value) or b"") for name, value in pairs)


# The client's call fails, and gives pairs without a name all the same. A plain call that has become hot doesn't look
# whether it failed, and to touch such a pair would end the process; a call from C always looks.
_checked_headers = methodcaller("headers")


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
