"""Declares the end of input: reads what the events topic holds, and closes it where nobody else is sending."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from streams.decode import Accepted, decode
from streams.sessionize.arrival import first_arrival, was_rekeyed
from streams.sessionize.end_of_input import EndOfInput
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from streams.sessionize.watermark import BadWatermarkError, clamped, read_watermark
from weir.errors import WorkError
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings
from weir.topics import EVENTS

TELL_EVERY = 1_000


def ends_of_events(settings: Settings) -> dict[PartitionId, int]:
    """Where each partition of the events topic ends now."""
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        return {place: span.end for place, span in reader.ranges().items()}


def is_in_use(settings: Settings) -> bool:
    """Whether anything was written to the events topic within the last `idle_timeout_s`."""
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        lately = reader.since(round((time.time() - settings.idle_timeout_s) * 1000))
        return any(lately[place] < span.end for place, span in reader.ranges().items())


def end_records(
    settings: Settings,
    began_at: Mapping[PartitionId, int],
    sent: Mapping[int, int],
    advance: Callable[[float], None] = lambda _: None,
) -> list[Output]:
    """The records that end the input, one for each partition that holds events.

    `began_at` is where the partitions ended before we sent, `sent` how many events we sent to each.

    Raises:
        WorkError: somebody else has sent events meanwhile.
    """
    end = EndOfInput(settings.gap_s, settings.grace_s)
    others = -sum(sent.values())
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        spans = reader.ranges()
        begin = {place: span.start for place, span in spans.items()}
        until = {place: span.end for place, span in spans.items()}
        for count, record in enumerate(reader.read(begin, until), 1):
            others += _take(record, end, settings) and record.offset >= began_at[record.topic, record.partition]
            if count % TELL_EVERY == 0:
                advance(TELL_EVERY)
    if others > 0:
        raise WorkError(
            f"Somebody else has sent {others} events meanwhile: the end of input was not declared.",
            "All events of this call were taken; declare the end when the other producers have stopped.",
        )
    return list(end.records())


def _take(record: LogRecord, end: EndOfInput, settings: Settings) -> bool:
    """Notes what the record says of time; whether a producer sent it, not a worker of ours."""
    names = {name for name, _ in record.headers}
    if WATERMARK_HEADER in names:
        try:
            mark = read_watermark(record, settings.max_record_bytes)
        except BadWatermarkError:
            return True
        end.saw_watermark(record.partition, clamped(mark, record.timestamp, settings.max_ahead_s))
        return False
    decoded = decode(record.value, settings.max_record_bytes)
    first = first_arrival(record)
    if type(decoded) is Accepted:
        arrived_ms = record.timestamp if first is None else min(first.timestamp, record.timestamp)
        end.saw(record.partition, clamped(decoded.ts, arrived_ms, settings.max_ahead_s))
    return not was_rekeyed(first)
