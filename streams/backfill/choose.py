"""Finds the stretch that was asked for in the cluster's events topic, and reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # it is public, and not declared so

from streams.backfill.stretch import Choice, LateSpans, Stretch
from streams.engine.task import PlainRecord
from streams.intake.decode import Accepted, decode
from weir.cluster import ANSWER_TIMEOUT_S, admin, answer
from weir.errors import UsageError
from weir.log_reader import LogReader, LogRecord, Span
from weir.settings import Settings
from weir.topics import EVENTS, LATE, Topic


def choose(settings: Settings, choice: Choice) -> list[Stretch]:
    """The stretch of each partition that is asked for and has anything in it.

    Raises:
        UsageError: the choice contradicts itself, or names a partition that there isn't.
        ClusterError: the cluster doesn't answer.
    """
    choice.check()
    topic = settings.names.public(EVENTS)
    if choice.partition is not None and choice.partition >= settings.partitions:
        raise UsageError(
            f"{topic} has no partition {choice.partition}.", f"It has {settings.partitions}, counted from 0."
        )
    wanted = [choice.partition] if choice.partition is not None else list(range(settings.partitions))
    if choice.is_open:
        found = _by_late_events(settings, topic)
    elif choice.is_by_time:
        found = _by_time(settings, topic, dict.fromkeys(wanted, choice.from_s), choice.to_s)
    else:
        found = [_by_offset(settings, topic, choice, wanted[0])]
    return [stretch for stretch in found if stretch.offsets]


def read(settings: Settings, stretch: Stretch) -> Iterator[PlainRecord]:
    """The committed events of a stretch, in their order.

    Raises:
        ClusterError: the brokers have fallen silent before its end.
    """
    place = settings.names.public(EVENTS), stretch.partition
    with LogReader(settings, [place[0]]) as reader:
        for record in reader.read({place: stretch.first}, {place: stretch.end}):
            yield PlainRecord(*dataclasses.astuple(record))


def everything(settings: Settings, topic: Topic) -> Iterator[LogRecord]:
    """All committed records that a topic has now.

    Raises:
        ClusterError: the cluster doesn't answer, or lacks the topic.
    """
    with LogReader(settings, [settings.names.public(topic)]) as reader:
        spans = reader.spans()
        begin = {place: span.first for place, span in spans.items()}
        yield from reader.read(begin, {place: span.end for place, span in spans.items()})


def _by_late_events(settings: Settings, topic: str) -> list[Stretch]:
    """From one whole session before the earliest late event of a partition to the partition's end."""
    late = LateSpans(topic)
    for record in everything(settings, LATE):
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


def _by_time(settings: Settings, topic: str, starts: dict[int, float | None], to_s: float | None) -> list[Stretch]:
    spans = _spans(settings, topic)
    firsts = _offsets_at(settings, topic, starts)
    lasts = _offsets_at(settings, topic, dict.fromkeys(starts, to_s)) if to_s is not None else {}
    return [
        Stretch(partition, firsts.get(partition, spans[partition].end), lasts.get(partition, spans[partition].end))
        for partition in starts
    ]


def _by_offset(settings: Settings, topic: str, choice: Choice, partition: int) -> Stretch:
    span = _spans(settings, topic)[partition]
    return choice.within(Stretch(partition, span.first, span.end))


def _spans(settings: Settings, topic: str) -> dict[int, Span]:
    with LogReader(settings, [topic]) as reader:
        return {partition: span for (_, partition), span in reader.spans().items()}


def _offsets_at(settings: Settings, topic: str, moments: dict[int, float | None]) -> dict[int, int]:
    """First offset that arrived at or after each moment (None: the earliest); partitions without one are left out."""
    if not moments:
        return {}
    asked = {
        TopicPartition(topic, partition): (
            # Its methods have no types.
            OffsetSpec.earliest()  # type: ignore[no-untyped-call]
            if moment is None
            else OffsetSpec.for_timestamp(round(moment * 1000))
        )
        for partition, moment in moments.items()
    }
    # Kept until the answers are there: they never come from a client that is let go of.
    client = admin(settings)
    futures = client.list_offsets(asked, request_timeout=ANSWER_TIMEOUT_S)
    found = {where.partition: answer(future.result, settings).offset for where, future in futures.items()}
    return {partition: offset for partition, offset in found.items() if offset >= 0}
