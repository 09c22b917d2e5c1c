"""Declares the end of input: reads the events topic, and writes watermarks that close all sessions."""

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

PROGRESS_EVERY = 1_000
"""Records between two calls of a progress callback."""


def ends_of_events(settings: Settings) -> dict[PartitionId, int]:
    """The end offset of each partition of the events topic."""
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        return {partition: span.end for partition, span in reader.ranges().items()}


def is_in_use(settings: Settings) -> bool:
    """Whether the events topic has records of the last `idle_timeout_s`."""
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        lately = reader.since(round((time.time() - settings.idle_timeout_s) * 1000))
        return any(lately[partition] < span.end for partition, span in reader.ranges().items())


def end_records(
    settings: Settings,
    began_at: Mapping[PartitionId, int],
    sent: Mapping[int, int],
    advance: Callable[[float], None] = lambda _: None,
) -> list[Output]:
    """The records that end the input, one for each partition with events.

    Args:
        settings: The settings in force.
        began_at: End offsets of the partitions before this program sent events.
        sent: Number of events that this program sent, by partition.
        advance: Called with the number of records read since the last call.

    Raises:
        WorkError: Another producer has sent events meanwhile, so the input has not ended.
    """
    end = EndOfInput(settings.gap_s, settings.grace_s)
    others = -sum(sent.values())
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        spans = reader.ranges()
        begin = {partition: span.start for partition, span in spans.items()}
        until = {partition: span.end for partition, span in spans.items()}
        for count, record in enumerate(reader.read(begin, until), 1):
            others += _take(record, end, settings) and record.offset >= began_at[record.topic, record.partition]
            if count % PROGRESS_EVERY == 0:
                advance(PROGRESS_EVERY)
    if others > 0:
        raise WorkError(
            f"Another producer has sent {others} events meanwhile, so the end of input was not declared.",
            "All events of this call were sent. Declare the end of input when the other producers have stopped.",
        )
    return list(end.records())


def _take(record: LogRecord, end: EndOfInput, settings: Settings) -> bool:
    """Adds the time of a record to `end`; returns whether a producer, and not a worker, sent the record."""
    names = {name for name, _ in record.headers}
    if WATERMARK_HEADER in names:
        try:
            mark = read_watermark(record, settings.max_record_bytes)
        except BadWatermarkError:
            return True
        end.observe_watermark(record.partition, clamped(mark, record.timestamp, settings.max_ahead_s))
        return False
    decoded = decode(record.value, settings.max_record_bytes)
    first = first_arrival(record)
    if type(decoded) is Accepted:
        arrived_ms = record.timestamp if first is None else min(first.timestamp, record.timestamp)
        end.observe(record.partition, clamped(decoded.ts, arrived_ms, settings.max_ahead_s))
    return not was_rekeyed(first)
