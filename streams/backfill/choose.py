"""Finds the stretch that was asked for in the cluster's events topic, and reads it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.backfill.stretch import Choice, LateSpans, Stretch
from streams.engine.cluster import Observer
from streams.engine.reader import BEGINNING, PartitionReader
from streams.engine.task import PlainRecord
from streams.intake.decode import Accepted, decode
from weir.errors import ClusterError, UsageError, WorkError
from weir.settings import Settings
from weir.topics import EVENTS, LATE, Topic

_READ_RECORDS = 2_000
_READ_S = 5.0
_SILENCE_READS = 6


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


def read(settings: Settings, topic: str, stretch: Stretch) -> Iterator[PlainRecord]:
    """The committed records of a stretch, in their order.

    Raises:
        WorkError: the brokers have fallen silent before its end.
    """
    silent = 0
    with PartitionReader(settings, topic, stretch.partition, stretch.first) as reader:
        while silent < _SILENCE_READS:
            chunk = reader.read(_READ_RECORDS, _READ_S)
            for record in chunk.records:
                if record.offset >= stretch.end:
                    return
                yield record
            last = chunk.records[-1].offset if chunk.records else stretch.first - 1
            if last + 1 >= stretch.end or (chunk.end is not None and chunk.end >= stretch.end):
                return
            silent = 0 if chunk.records else silent + 1
    raise WorkError(f"Nothing more comes from partition {stretch.partition} of {topic}.", "Check the brokers.")


def everything(settings: Settings, topic: Topic) -> Iterator[PlainRecord]:
    """All committed records that a topic has now.

    Raises:
        ClusterError: the cluster doesn't answer.
        WorkError: the brokers have fallen silent before the end.
    """
    name = settings.names.public(topic)
    for (_, partition), end in _ends(settings, name, range(topic.partitions(settings.partitions))).items():
        if end:
            yield from read(settings, name, Stretch(partition, BEGINNING, end))


def _by_late_events(settings: Settings, topic: str) -> list[Stretch]:
    """From one whole session before the earliest late event of a partition to the partition's end."""
    late = LateSpans(topic)
    for record in everything(settings, LATE):
        decoded = decode(record.value, settings.max_record_bytes)
        if isinstance(decoded, Accepted):
            late.add(record.headers, decoded.ts)
    before_s = settings.max_session_s + settings.gap_s
    starts: dict[int, float | None] = {
        partition: max(0.0, span.least_ts - before_s) for partition, span in late.spans.items()
    }
    return _by_time(settings, topic, starts, None)


def _by_time(settings: Settings, topic: str, starts: dict[int, float | None], to_s: float | None) -> list[Stretch]:
    ends = _ends(settings, topic, starts)
    firsts = _offsets_at(settings, topic, starts)
    lasts = _offsets_at(settings, topic, dict.fromkeys(starts, to_s)) if to_s is not None else {}
    return [
        Stretch(partition, firsts.get(partition, ends[topic, partition]), lasts.get(partition, ends[topic, partition]))
        for partition in starts
    ]


def _by_offset(settings: Settings, topic: str, choice: Choice, partition: int) -> Stretch:
    least = _offsets_at(settings, topic, {partition: None})[partition]
    end = _ends(settings, topic, [partition])[topic, partition]
    return Stretch(partition, max(least, choice.from_offset or 0), min(end, choice.to_offset or end))


def _ends(settings: Settings, topic: str, partitions: Iterable[int]) -> dict[tuple[str, int], int]:
    return Observer(settings).stable_ends((topic, partition) for partition in partitions)


def _offsets_at(settings: Settings, topic: str, moments: dict[int, float | None]) -> dict[int, int]:
    """First offset that arrived at or after each moment (None: the earliest); partitions without one are left out."""
    if not moments:
        return {}
    asked = {
        TopicPartition(topic, partition): (
            OffsetSpec.earliest() if moment is None else OffsetSpec.for_timestamp(round(moment * 1000))
        )
        for partition, moment in moments.items()
    }
    admin = AdminClient(settings.client_options(), logger=logging.getLogger("weir.kafka"))
    try:
        found = {where.partition: future.result().offset for where, future in admin.list_offsets(asked).items()}
    except KafkaException as error:
        raise ClusterError(
            f"The brokers don't tell where a time lies in {topic}: {error.args[0].str()}.", "Check that they are up."
        ) from error
    return {partition: offset for partition, offset in found.items() if offset >= 0}
