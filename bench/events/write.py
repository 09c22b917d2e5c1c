"""Puts a log on Kafka: once a run, the same records for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bench.events.generator import Record, closing, events
from bench.events.real import real_events
from bench.events.spec import LogSpec
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS

QUEUE = 200_000
_POLL_EVERY = 1_000


def log_of(spec: LogSpec) -> Iterator[Record]:
    """All records, those that close what is open at the end.

    Raises:
        UnavailableError: it is of real data, which is not here.
    """
    ordinary = real_events(spec) if spec.data == "real" else events(spec)
    return chain(ordinary, closing(spec)) if spec.closes else ordinary


def write_log(spec: LogSpec, settings: Settings) -> int:
    """Sends the log to the events topic; how many records that were.

    Raises:
        RuntimeError: not all of them arrived.
        UnavailableError: as `log_of`.
    """
    failed: list[object] = []

    def failed_one(error: object, _: object) -> None:
        failed.append(error)

    client = producer(
        settings,
        linger_ms=20,
        queue_buffering_max_messages=QUEUE,
        delivery_report_only_error=True,
    )
    topic, sent = settings.names.public(EVENTS), 0
    for key, value in log_of(spec):
        while True:
            try:
                client.produce(topic, value, key, on_delivery=failed_one)
                break
            except BufferError:
                client.poll(0.05)
        sent += 1
        if sent % _POLL_EVERY == 0:
            client.poll(0)
    if client.flush(120) or failed:
        raise RuntimeError(f"{len(failed) or 'Some'} events of the log did not arrive.")
    return sent
