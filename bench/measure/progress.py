"""How far a contestant is in the log, as far as what it did is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.check.expected import Expected
from bench.contestants.contestant import Command, RunEnvironment, Traits
from weir.kafka.reader import LogReader
from weir.settings import Settings

Done = Callable[[], float]
"""Share of the work that is done, from 0 to 1; exactly 1 when all of it is."""
LATER_INPUTS = ("sessions", "scores", "labels", "training")


@contextmanager
def progress(
    traits: Traits, place: RunEnvironment, output: str, commands: Sequence[Command], expected: Expected
) -> Iterator[Done]:
    """How one sees it with this contestant."""
    match traits.progress:
        case "group":
            yield _by_group(place)
        case "outputs":
            yield _by_outputs(place, output, expected.running + (expected.finals if traits.finals else 0))
        case "status":
            with httpx.Client(timeout=10.0) as client:
                yield _by_status(place, commands, client)


def ends(settings: Settings, *topics: str) -> dict[tuple[str, int], int]:
    """Where each partition ends, as a `read_committed` consumer sees it."""
    with LogReader(settings, list(topics)) as reader:
        return {where: span.end for where, span in reader.ranges().items()}


def _by_group(place: RunEnvironment) -> Done:
    # A consumer that never subscribes asks for offsets without becoming a member.
    options = {"group.id": place.group, "enable.auto.commit": False, "log_level": 0}
    client = Consumer({**place.settings.client_options(), **options})
    aims = ends(place.settings, place.input)
    total = sum(aims.values())
    asked = [TopicPartition(*where) for where in aims]

    def done() -> float:
        try:
            found = client.committed(asked, timeout=10.0)
        except KafkaException:
            return 0.0  # the group has no coordinator yet
        return float(sum(max(one.offset, 0) for one in found) / total)

    return done


def _by_outputs(place: RunEnvironment, output: str, records: int) -> Done:
    return lambda: min(sum(ends(place.settings, output).values()) / max(records, 1), 1.0)


def _by_status(place: RunEnvironment, commands: Sequence[Command], client: httpx.Client) -> Done:
    """Of the log; and where that is done, of whatever later stages read."""
    aims = ends(place.settings, place.input)
    total = sum(aims.values())
    prefix = f"{place.settings.topic_prefix}."

    def done() -> float:
        committed: dict[tuple[str, int], int] = {}
        for command in commands:
            try:
                partitions = client.get(command.status_url).json()["partitions"]
            except (httpx.TransportError, ValueError):
                return 0.0
            for partition in partitions:
                if partition["ready"]:
                    committed |= {
                        (topic, partition["partition"]): position or 0
                        for topic, position in partition["committed"].items()
                    }
        share = sum(position for where, position in committed.items() if where in aims) / total
        if share < 1.0:
            return share
        later = {topic for topic, _ in committed if topic.removeprefix(prefix) in LATER_INPUTS}
        if later and any(committed.get(where, 0) < end for where, end in ends(place.settings, *later).items()):
            return 1.0 - 1.0 / total
        return 1.0

    return done
