"""The reference fold of a log as it lies on Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bench.check.expected import Expected, Judge
from bench.check.reference import Match, Partition
from bench.events.spec import LogSpec
from rules.heuristics.patterns import load_packs
from weir.contracts.fast import decode_event
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings
from weir.topics import EVENTS

_decode = msgspec.json.Decoder().decode


def fold_log(spec: LogSpec, settings: Settings, match: Match | None = None) -> Expected:
    """Reads the events topic to its end and folds it."""
    expected = Expected()
    partitions: dict[int, Partition] = {}
    for record in committed(settings, settings.names.public(EVENTS)):
        partition = partitions.get(record.partition)
        if partition is None:
            partition = partitions[record.partition] = Partition(spec, expected, match)
        partition.take(_decode(record.value or b"null"))
        expected.events += 1
    return expected


def shipped_patterns() -> Match:
    """Weir's own packs: what is judged is that their hits reach the sessions, not whether the patterns are good."""
    patterns = load_packs()
    encode = msgspec.json.Encoder().encode

    def match(event: dict[str, Any]) -> Iterable[str]:
        return patterns.match(decode_event(encode(event)))

    return match


def judge(judging: Judge, settings: Settings, topic: str, begin: dict[PartitionId, int] | None = None) -> list[str]:
    """Has everything judged that lies on a contestant's topic; what was wrong."""
    for record in committed(settings, topic, begin):
        judging.take(_decode(record.value or b"null"))
    return judging.verdict()


def committed(settings: Settings, topic: str, begin: dict[PartitionId, int] | None = None) -> Iterator[LogRecord]:
    """Every committed record as of now, from `begin` or the beginning on."""
    with LogReader(settings, [topic]) as reader:
        spans = reader.ranges()
        starts = {place: span.start if begin is None else begin[place] for place, span in spans.items()}
        yield from reader.read(starts, {place: span.end for place, span in spans.items()})
