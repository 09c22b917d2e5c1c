"""Dead letters: which there are, and what record puts one back into the events topic."""

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
"""Where a replayed event's dead letter lies: topic, partition and offset with slashes between."""
ORIGIN_HEADER = "weir-replayed-origin"
"""Likewise: where the letter says that it came from; `file:` and a name stand for a topic where it was a file."""
MAX_ORIGIN_CHARACTERS = 500
ROOM_BYTES = 64 * 1024
"""Of what a topic takes, for key, headers and framing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; nothing given is all of them."""

    reasons: Collection[str] = ()
    partition: int | None = None
    """Of the dead letters' topic."""
    since_s: float | None = None
    """Dead-lettered at this moment or later."""
    until_s: float | None = None
    """Dead-lettered before this moment."""

    def __contains__(self, record: object) -> bool:
        """Whether the letter is wanted."""
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
    """The code in the letter's headers."""
    return header(record, "reason")


def origin_of(record: LogRecord) -> str:
    """Where the letter says that it came from."""
    place = "/".join(header(record, name) or "?" for name in ("topic", "partition", "offset"))
    return place[:MAX_ORIGIN_CHARACTERS]


def ends_of_letters(settings: Settings) -> dict[PartitionId, int]:
    """Where each partition of the dead letters' topic ends now.

    Raises:
        ClusterError: the cluster is not there, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(DEAD_LETTER)]) as reader:
        return {place: span.end for place, span in reader.ranges().items()}


def letters(settings: Settings, wanted: Wanted, until: Mapping[PartitionId, int] | None = None) -> Iterator[LogRecord]:
    """All wanted letters that are there now, or were when the partitions ended at `until`; each partition in order.

    Raises:
        ClusterError: the cluster is not there, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(DEAD_LETTER)]) as reader:
        spans = {place: span for place, span in reader.ranges().items() if wanted.partition in {None, place[1]}}
        begin = {place: span.start for place, span in spans.items()}
        end = {place: (until or {}).get(place, span.end) for place, span in spans.items()}
        for record in reader.read(begin, end):
            if record in wanted:
                yield record


def letter_at(settings: Settings, partition: int, offset: int) -> LogRecord | None:
    """The letter at this place, None where there is none.

    Raises:
        ClusterError: the cluster is not there, or lacks the topic.
    """
    return record_at(settings, DEAD_LETTER, partition, offset)


def is_event(settings: Settings, record: LogRecord) -> bool:
    """Whether the letter was to be an event, and not a record between stages."""
    topic = header(record, "topic")
    return all(topic != settings.names.public(other) for other in PUBLIC if other is not EVENTS)


def replayed(settings: Settings, record: LogRecord) -> Output | Refused:
    """The record that puts the letter's bytes back, or why it would only be dead-lettered again.

    Its key is the visitor's, as every event's: whatever was wrong with the one received need not come back.
    """
    if header(record, CUT_HEADER):
        return Refused(DeadLetterReason.TOO_LARGE, "The letter has the beginning of the record alone.")
    decoded = decode(record.value, settings.max_record_bytes)
    if isinstance(decoded, Refused):
        return decoded
    if len(record.value or b"") > EVENTS.max_message_bytes - ROOM_BYTES:
        return Refused(DeadLetterReason.TOO_LARGE, "The record is larger than its topic takes.")
    letter = f"{record.topic}/{record.partition}/{record.offset}"
    headers = ((REPLAYED_HEADER, letter.encode()), (ORIGIN_HEADER, origin_of(record).encode()))
    return Output(EVENTS, decoded.event.visitor_id.encode(), record.value, headers)
