"""Reads committed records of one partition from a given offset, without a group: for recovery and for followers."""

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
    """The records of one read."""

    records: list[LogRecord]
    end: int | None
    """The last stable offset, if this read reached it; else None."""


class PartitionReader:
    """A separate consumer for one partition; a context manager. Its calls block.

    Args:
        settings: the settings in force.
        topic: full name.
        partition: its number.
        start: offset to begin at; None for the log's first offset.
    """

    def __init__(self, settings: Settings, topic: str, partition: int, start: int | None = None) -> None:
        self._where = f"partition {partition} of {topic}"
        self._topic, self._number, self._start = topic, partition, start
        self._consumer = consumer_without_group(
            settings, may_skip=start is None, logger=logging.getLogger("weir.kafka")
        )

    def __enter__(self) -> Self:
        # The offset is asked for here, since the client takes half a second longer to find it.
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
                f"The brokers did not return the first and last offset of {self._where}: {error.args[0].str()}.",
                "Check that they are up and that the topic exists.",
            ) from error
        return int(low), int(high)

    def read(self, most: int, timeout_s: float) -> Chunk:
        """At most `most` records; fewer if the time is over or the log has ended.

        Raises:
            LostInputError: the offset to read from was deleted.
            WorkError: the brokers refuse the read.
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
        """Like `read`, but only keys and values, in a third of the time, since recoveries read millions of sessions."""
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
                f"Records of {self._where} that are needed were deleted: {error.str()}.",
                "Check the topic's retention, and restore the records or start under another application id.",
            )
        raise WorkError(f"Reading {self._where} failed: {error.str()}.", "Check the brokers and the access rights.")
