"""Reads one partition from a given offset, committed records alone, in no group: for recovery and for followers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, Self

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from weir.errors import LostInputError, WorkError
from weir.kafka.calls import ANSWER_TIMEOUT_S, patiently
from weir.kafka.consumer import assign, consumer_without_group
from weir.kafka.messages import record_of
from weir.kafka.records import LogRecord
from weir.settings import Settings


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read brought."""

    records: list[LogRecord]
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
        self._consumer = consumer_without_group(
            settings, may_skip=start is None, logger=logging.getLogger("weir.kafka")
        )

    def __enter__(self) -> Self:
        # The client takes half a second longer to find the beginning by itself.
        start = self.bounds()[0] if self._start is None else self._start
        assign(self._consumer, {(self._topic, self._number): start})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def bounds(self, timeout_s: float = ANSWER_TIMEOUT_S) -> tuple[int, int]:
        """First offset of the log, and its last stable one.

        Raises:
            WorkError: no answer in time.
        """
        try:
            ask = patiently(self._consumer.get_watermark_offsets)
            low, high = ask(TopicPartition(self._topic, self._number), timeout_s)
        except KafkaException as error:
            raise WorkError(
                f"The brokers did not answer where {self._where} begins and ends: {error.args[0].str()}.",
                "Check that they are up and that the topic exists.",
            ) from error
        return int(low), int(high)

    def read(self, most: int, timeout_s: float) -> Chunk:
        """At most so many records; fewer when the time is over or the log has ended.

        Raises:
            LostInputError: the offset to read from is no longer there.
            WorkError: the brokers refuse.
        """
        records: list[LogRecord] = []
        end: int | None = None
        for message in self._consumer.consume(most, timeout_s):
            error = message.error()
            if error is None:
                records.append(record_of(message))
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
