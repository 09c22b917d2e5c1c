"""`weir produce` without its command line: reads lines, sends events and dead letters, and counts the outcomes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from streams.intake.bad_lines import bad_line_letter
from streams.intake.line import BadLine, Line
from streams.intake.order import arrival_ms, when
from streams.produce.ending import end_records, ends_of_events, is_in_use
from streams.sessionize.arrival import stand_in
from streams.sessionize.silence import Silence
from weir.errors import ClusterError
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.records import Output
from weir.kafka.topic_check import check_topics
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, Topic

Advance = Callable[[float], None]
PROGRESS_EVERY = 100


@dataclass(slots=True)
class Produced:
    """Number of lines by outcome."""

    lines: int = 0
    events: int = 0
    """Events that Kafka acknowledged."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By reason."""
    watermarks: int = 0
    """Idle watermark records."""
    ended_partitions: list[int] = field(default_factory=list)
    """Partitions whose end of input was declared."""


def check_topics_for_producing(settings: Settings, topics: Collection[Topic] = (EVENTS, DEAD_LETTER)) -> None:
    """Checks that the topics exist with the number of partitions that the workers expect.

    Raises:
        ClusterError: The cluster can't be reached, lacks a topic, or has it with another number of partitions.
    """
    needed = {settings.names.public(topic) for topic in topics}
    for difference in check_topics(settings):
        if difference.fatal and difference.topic in needed:
            raise ClusterError(
                f"{difference.topic}: {difference.what} is {difference.is_}, should be {difference.should_be}.",
                difference.advice,
            )


def _idle_watermarks(silence: Silence | None, line: Line, partitions: int) -> Iterator[Output]:
    """Watermarks for the partitions of which the file has had no events for longer than the idle timeout."""
    if silence is not None:
        yield from silence.advance_to(when(line))
        silence.observe(partition_for(line.key, partitions), when(line))


def _event(line: Line) -> Output:
    if line.appended_s is None:
        return Output(EVENTS, line.key, line.value)
    return Output(EVENTS, line.key, line.value, (stand_in(arrival_ms(line, time.time())),))


def produce(
    settings: Settings,
    lines: Iterable[Line | BadLine],
    *,
    end_of_input: bool = False,
    rate: float | None = None,
    advance: Advance = lambda _: None,
) -> Produced:
    """Sends events and dead letters of all lines, and returns when Kafka has acknowledged all records.

    If no other producer has sent events lately, then partitions without events in the file get idle watermark records,
    so that their sessions close at the same event time as in live traffic. With `end_of_input`, the end of input is
    declared after the last line, which closes all open sessions.

    Raises:
        ClusterError: The cluster can't be reached, its topics differ from the catalogue, or it refused a record.
        WorkError: The end of input can't be declared, since another producer is sending.
    """
    check_topics_for_producing(settings)
    began_at = ends_of_events(settings) if end_of_input else {}
    silence = None if is_in_use(settings) else Silence(settings.gap_s, settings.grace_s, settings.idle_timeout_s)
    sender = BulkSender(settings, rate)
    produced = Produced()
    watermarks: Counter[int] = Counter()
    for line in lines:
        produced.lines += 1
        if isinstance(line, BadLine):
            produced.dead_letters[line.reason.value] += 1
            sender.send(bad_line_letter(line))
        else:
            for watermark in _idle_watermarks(silence, line, settings.partitions):
                sender.send(watermark)
                watermarks[watermark.partition or 0] += 1
            sender.send(_event(line))
        if produced.lines % PROGRESS_EVERY == 0:
            advance(PROGRESS_EVERY)
    advance(produced.lines % PROGRESS_EVERY)
    sender.flush()
    produced.events = sender.total(EVENTS) - watermarks.total()
    produced.watermarks = watermarks.total()
    if end_of_input:
        sent = {
            partition: n - watermarks[partition]
            for (name, partition), n in sender.acknowledged.items()
            if name == EVENTS.name
        }
        for record in end_records(settings, began_at, sent):
            sender.send(record)
            produced.ended_partitions.append(record.partition or 0)
        sender.flush()
    return produced
