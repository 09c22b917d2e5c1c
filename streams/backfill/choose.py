"""Finds the requested offsets in the cluster's events topic, and reads them."""

from __future__ import annotations

from collections.abc import Iterator

from streams.backfill.offset_ranges import BackfillRange, Choice, LateSpans
from streams.decode import Accepted, decode
from weir.errors import UsageError
from weir.kafka.reader import LogReader, read_all
from weir.kafka.records import LogRecord, OffsetRange
from weir.settings import Settings
from weir.topics import EVENTS, LATE


def choose(settings: Settings, choice: Choice) -> list[BackfillRange]:
    """The requested range of offsets of each partition; empty ranges are left out.

    Raises:
        UsageError: The choice contradicts itself, or names a partition that doesn't exist.
        ClusterError: The cluster doesn't answer.
    """
    choice.check()
    topic = settings.names.public(EVENTS)
    if choice.partition is not None and choice.partition >= settings.partitions:
        raise UsageError(
            f"{topic} has no partition {choice.partition}.", f"Give a partition from 0 to {settings.partitions - 1}."
        )
    wanted = [choice.partition] if choice.partition is not None else list(range(settings.partitions))
    if choice.is_open:
        found = _by_late_events(settings, topic)
    elif choice.is_by_time:
        found = _by_time(settings, topic, dict.fromkeys(wanted, choice.from_s), choice.to_s)
    else:
        found = [_by_offset(settings, topic, choice, wanted[0])]
    return [one for one in found if one.offsets]


def read(settings: Settings, offset_range: BackfillRange) -> Iterator[LogRecord]:
    """The committed records of a range, in offset order.

    Raises:
        ClusterError: The brokers stopped answering before the end of the range.
    """
    partition = settings.names.public(EVENTS), offset_range.partition
    with LogReader(settings, [partition[0]]) as reader:
        yield from reader.read({partition: offset_range.first}, {partition: offset_range.end})


def _by_late_events(settings: Settings, topic: str) -> list[BackfillRange]:
    """The range from one longest session before a partition's earliest late event to the partition's end."""
    late = LateSpans(topic)
    for record in read_all(settings, LATE):
        decoded = decode(record.value, settings.max_record_bytes)
        if isinstance(decoded, Accepted):
            late.add(record.headers, decoded.ts)
    before_s = settings.max_session_s + settings.gap_s
    starts: dict[int, float | None] = {
        partition: max(0.0, span.least_ts - before_s)
        for partition, span in late.spans.items()
        if partition < settings.partitions
    }
    return _by_time(settings, topic, starts, None)


def _by_time(
    settings: Settings, topic: str, starts: dict[int, float | None], to_s: float | None
) -> list[BackfillRange]:
    with LogReader(settings, [topic]) as reader:
        ranges = reader.ranges()
        firsts = reader.since_each(
            {(topic, at): _ms(start) for at, start in starts.items() if start is not None}, ranges
        )
        lasts = reader.since_each({(topic, at): _ms(to_s) for at in starts}, ranges) if to_s is not None else {}
    return [
        BackfillRange(
            at, firsts.get((topic, at), ranges[topic, at].start), lasts.get((topic, at), ranges[topic, at].end)
        )
        for at in starts
    ]


def _ms(moment_s: float) -> int:
    return round(moment_s * 1_000)


def _by_offset(settings: Settings, topic: str, choice: Choice, partition: int) -> BackfillRange:
    span = _spans(settings, topic)[partition]
    return choice.within(BackfillRange(partition, span.start, span.end))


def _spans(settings: Settings, topic: str) -> dict[int, OffsetRange]:
    with LogReader(settings, [topic]) as reader:
        return {partition: span for (_, partition), span in reader.ranges().items()}
