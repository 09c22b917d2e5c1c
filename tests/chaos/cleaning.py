"""Compaction while workers run: the state topics are cleaned within seconds, and shown to have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from tests.chaos.oracle import logs
from weir.broker import DevelopmentBroker
from weir.kafka.admin import admin
from weir.kafka.reader import LogReader
from weir.settings import Settings

STAGES = ("sessionize", "score")
EAGERLY: Mapping[str, str] = {
    "segment.ms": "3000",
    "segment.bytes": "1048576",
    "min.cleanable.dirty.ratio": "0.01",
    # Not below what a recovery may take: who reads for longer than tombstones last may miss one.
    "delete.retention.ms": "60000",
}
CHECKPOINT = "cleaner-offset-checkpoint"


@dataclass(frozen=True)
class Cleaned:
    """A partition of a state topic after a run."""

    topic: str
    partition: int
    end: int
    """Its next offset: records that were ever written to it, about."""
    cleaned: int
    """Up to where the cleaner has been; 0 if never."""
    left: int
    """Records that are there still."""


def clean_eagerly(settings: Settings) -> None:
    """Has the cleaner work on the state topics all the while."""
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            settings.names.state(stage),
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in EAGERLY.items()
            ],
        )
        for stage in STAGES
    ]
    client = admin(settings)
    for future in client.incremental_alter_configs(resources).values():
        future.result()


def cleaned(settings: Settings, nodes: Sequence[DevelopmentBroker]) -> list[Cleaned]:
    """What the cleaner has done to the state topics, by the brokers' own books."""
    names = [settings.names.state(stage) for stage in STAGES]
    books = [book for node in nodes for book in _book(node).items() if book[0][0] in names]
    with LogReader(settings, names) as reader:
        ends = {place: span.end for place, span in reader.ranges().items()}
    left: dict[tuple[str, int], int] = dict.fromkeys(ends, 0)
    for name in names:
        for record in logs.read(settings.bootstrap_servers, name):
            left[record.topic, record.partition] += 1
    return [
        Cleaned(*place, end, max((offset for at, offset in books if at == place), default=0), left[place])
        for place, end in sorted(ends.items())
    ]


def _book(node: DevelopmentBroker) -> dict[tuple[str, int], int]:
    """The first offset that is not cleaned yet, by topic and partition, of those that were ever cleaned."""
    file = node.folder / "data" / CHECKPOINT
    lines = file.read_text().splitlines()[2:] if file.exists() else []
    rows = (line.rsplit(" ", 2) for line in lines if line)
    return {(topic, int(partition)): int(offset) for topic, partition, offset in rows}
