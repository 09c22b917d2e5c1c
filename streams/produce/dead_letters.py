"""Reads dead letters, and makes the records that put their events back into the events topic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from streams.dead_letter import CUT_HEADER, header
from streams.decode import Refused, decode
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.lookup import record_at
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, PUBLIC

REPLAYED_HEADER = "weir-replayed-from"
"""Header with the position of a replayed event's dead letter: topic/partition/offset."""
ORIGIN_HEADER = "weir-replayed-origin"
"""Header with the origin that the dead letter names, in the same form; for a file, `file:` and the file's name."""
MAX_ORIGIN_CHARACTERS = 500
RESERVED_BYTES = 64 * 1024
"""Part of `max.message.bytes` that is reserved for key, headers and framing."""


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Conditions on dead letters; without conditions, all dead letters match."""

    reasons: Collection[str] = ()
    partition: int | None = None
    """Partition of the dead letters' topic."""
    since_s: float | None = None
    """Dead-lettered at this moment or later."""
    until_s: float | None = None
    """Dead-lettered before this moment."""

    def __contains__(self, record: object) -> bool:
        """Whether a dead letter matches."""
        if not isinstance(record, LogRecord):
            return False
        when_s = record.timestamp / 1000
        return (
            (not self.reasons or reason_of(record) in self.reasons)
            and self.partition in {None, record.partition}
            and (self.since_s is None or when_s >= self.since_s)
            and (self.until_s is None or when_s < self.until_s)
        )


def reason_of(record: LogRecord) -> str:
    """The reason code in a dead letter's headers."""
    return header(record, "reason")


def origin_of(record: LogRecord) -> str:
    """The origin that a dead letter names: topic/partition/offset."""
    origin = "/".join(header(record, name) or "?" for name in ("topic", "partition", "offset"))
    return origin[:MAX_ORIGIN_CHARACTERS]


def dead_letter_ends(settings: Settings) -> dict[PartitionId, int]:
    """The end offset of each partition of the dead letters' topic.

    Raises:
        ClusterError: The cluster can't be reached, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(DEAD_LETTER)]) as reader:
        return {partition: span.end for partition, span in reader.ranges().items()}


def dead_letters(
    settings: Settings, wanted: DeadLetterFilter, until: Mapping[PartitionId, int] | None = None
) -> Iterator[LogRecord]:
    """All matching dead letters up to the offsets `until`, or to the end; each partition in order.

    Raises:
        ClusterError: The cluster can't be reached, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(DEAD_LETTER)]) as reader:
        spans = {
            partition: span for partition, span in reader.ranges().items() if wanted.partition in {None, partition[1]}
        }
        begin = {partition: span.start for partition, span in spans.items()}
        end = {partition: (until or {}).get(partition, span.end) for partition, span in spans.items()}
        for record in reader.read(begin, end):
            if record in wanted:
                yield record


def dead_letter_at(settings: Settings, partition: int, offset: int) -> LogRecord | None:
    """The dead letter at this position; None if the position has no record.

    Raises:
        ClusterError: The cluster can't be reached, or lacks the topic.
    """
    return record_at(settings, DEAD_LETTER, partition, offset)


def is_event(settings: Settings, record: LogRecord) -> bool:
    """Whether the refused record was an event, and not a record between stages."""
    topic = header(record, "topic")
    return all(topic != settings.names.public(other) for other in PUBLIC if other is not EVENTS)


def replayed(settings: Settings, record: LogRecord) -> Output | Refused:
    """The event record with a dead letter's bytes, or the reason for which it would become a dead letter again.

    The new record's key is the visitor, also if the refused record had another key.
    """
    if header(record, CUT_HEADER):
        return Refused(DeadLetterReason.TOO_LARGE, "The dead letter has only the beginning of the record.")
    decoded = decode(record.value, settings.max_record_bytes)
    if isinstance(decoded, Refused):
        return decoded
    if len(record.value or b"") > EVENTS.max_message_bytes - RESERVED_BYTES:
        return Refused(
            DeadLetterReason.TOO_LARGE,
            f"The record has {len(record.value or b'')} bytes; at most "
            f"{EVENTS.max_message_bytes - RESERVED_BYTES} can be sent.",
        )
    position = f"{record.topic}/{record.partition}/{record.offset}"
    headers = ((REPLAYED_HEADER, position.encode()), (ORIGIN_HEADER, origin_of(record).encode()))
    return Output(EVENTS, decoded.event.visitor_id.encode(), record.value, headers)
