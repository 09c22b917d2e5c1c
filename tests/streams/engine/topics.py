"""Writing and reading topics in the engine's tests, as somebody outside would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from confluent_kafka import Producer

from weir.kafka.partition_reader import PartitionReader
from weir.kafka.records import LogRecord
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS


def send_events(settings: Settings, visitors: Iterable[str]) -> None:
    """One event for each visitor named, in that order within each partition."""
    client = producer(settings)
    for visitor in visitors:
        client.produce(settings.names.public(EVENTS), b"event", visitor.encode())
    assert client.flush(30) == 0


def transactional(settings: Settings, name: str) -> Producer:
    client = Producer(settings.client_options() | {"transactional.id": name, "partitioner": "murmur2_random"})
    client.init_transactions(30)
    return client


def send_aborted(settings: Settings, visitors: Iterable[str]) -> None:
    """Events that lie in the log and must never be seen."""
    client = transactional(settings, f"{settings.application_id}.aborting")
    client.begin_transaction()
    for visitor in visitors:
        client.produce(settings.names.public(EVENTS), b"aborted", visitor.encode())
    client.flush(30)
    client.abort_transaction(30)


def read_all(settings: Settings, topic: str, partition: int) -> list[LogRecord]:
    """Every committed record of a partition, as of now."""
    records: list[LogRecord] = []
    with PartitionReader(settings, topic, partition) as reader:
        while True:
            chunk = reader.read(100_000, 0.05)
            records += chunk.records
            if chunk.end is not None:
                return records


def counts(settings: Settings) -> dict[str, list[int]]:
    """Visitor → the counts that were published, in their order."""
    told: dict[str, list[int]] = defaultdict(list)
    for partition in range(settings.partitions):
        for record in read_all(settings, settings.names.public(SESSIONS), partition):
            told[(record.key or b"").decode()].append(int(record.value or b"0"))
    return dict(told)


def once_each(visitors: Iterable[str]) -> dict[str, list[int]]:
    """What `counts` must be when each of these events was counted once."""
    events: dict[str, int] = defaultdict(int)
    for visitor in visitors:
        events[visitor] += 1
    return {visitor: list(range(1, number + 1)) for visitor, number in events.items()}
