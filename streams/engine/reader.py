"""Reads one partition from a given offset, committed records alone, in no group: for recovery and for followers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.task import PlainRecord
from weir.cluster import patiently
from weir.errors import LostInputError, WorkError
from weir.log_reader import headers_of
from weir.settings import Settings

_ANSWER_S = 15.0
_READ_AHEAD_KIBIBYTES = 8_192
"""A worker reads many partitions at once, and memory that was taken once is not given back: 64 MiB each by default."""
_READ_AHEAD_PAUSE_MS = 10
"""Until a reader that is full looks whether there is room again; a second by default, in which it would run dry."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read brought."""

    records: list[PlainRecord]
    end: int | None
    """Position at which the log ended, if this read came to its last stable offset."""


class PartitionReader:
    """A consumer of its own for one partition; a context manager. Its calls block.

    Args:
        settings: the settings in force.
        topic: full name.
        partition: its number.
        start: where to begin; None is wherever the log begins.
    """

    def __init__(self, settings: Settings, topic: str, partition: int, start: int | None = None) -> None:
        self._where = f"partition {partition} of {topic}"
        self._topic, self._number, self._start = topic, partition, start
        self._consumer = Consumer(
            settings.client_options()
            | {
                "group.id": f"{settings.application_id}.reader",
                "client.id": f"{settings.application_id}.reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest" if start is None else "error",
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": _READ_AHEAD_KIBIBYTES,
                "fetch.queue.backoff.ms": _READ_AHEAD_PAUSE_MS,
            },
            logger=logging.getLogger("weir.kafka"),
        )

    def __enter__(self) -> Self:
        # The client takes half a second longer to find the beginning by itself.
        start = self.bounds()[0] if self._start is None else self._start
        self._consumer.assign([TopicPartition(self._topic, self._number, start)])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def bounds(self, timeout_s: float = _ANSWER_S) -> tuple[int, int]:
        """First offset of the log, and its last stable one.

        Raises:
            WorkError: no answer in time.
        """
        try:
            ask = patiently(self._consumer.get_watermark_offsets)
            low, high = ask(TopicPartition(self._topic, self._number), timeout_s)
        except KafkaException as error:
            raise WorkError(
                f"The brokers don't tell where {self._where} begins and ends: {error.args[0].str()}.",
                "Check that they are up and that the topic exists.",
            ) from error
        return int(low), int(high)

    def read(self, most: int, timeout_s: float) -> Chunk:
        """At most so many records; fewer when the time is over or the log has ended.

        Raises:
            LostInputError: the offset to read from is no longer there.
            WorkError: the brokers refuse.
        """
        records: list[PlainRecord] = []
        end: int | None = None
        for message in self._consumer.consume(most, timeout_s):
            error = message.error()
            if error is None:
                records.append(plain(message))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- the library's own name for it
                end = message.offset()
            else:
                self._notice(error)
        return Chunk(records, end)

    def entries(self, most: int, timeout_s: float) -> list[tuple[bytes, bytes | None]]:
        """Like `read`, of the keys and values alone: a third of the time, where millions of sessions are read back."""
        found: list[tuple[bytes, bytes | None]] = []
        for message in self._consumer.consume(most, timeout_s):
            error = message.error()
            if error is None:
                found.append((message.key() or b"", message.value()))
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 -- likewise
                self._notice(error)
        return found

    def _notice(self, error: KafkaError) -> None:
        if error.fatal() or not error.retriable():
            self._refused(error)

    def _refused(self, error: KafkaError) -> NoReturn:
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001 -- likewise
            raise LostInputError(
                f"Records of {self._where} that are needed are gone: {error.str()}.",
                "Look at the topic's retention, and restore it or start under another application id.",
            )
        raise WorkError(f"Reading {self._where} failed: {error.str()}.", "Check the brokers and the access rights.")


def plain(message: Message) -> PlainRecord:
    """A client's message as tasks know records."""
    return PlainRecord(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=message.timestamp()[1],
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=headers_of(message),
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
