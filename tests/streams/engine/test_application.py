"""The Faust application on a real broker, beside the rest of a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from faust.types import TP

from streams.engine.application import Application, make_application
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.transport import BatchConsumer
from tests.streams.engine.counting import STAGE, plan
from tests.streams.engine.topics import send_events
from tests.support.polling import PATIENCE_S
from weir.kafka.records import PartitionId
from weir.settings import Settings
from weir.topics import EVENTS

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def running(
    settings: Settings,
    batches: list[Fetched],
    places: Mapping[PartitionId, FetchPosition],
    durable: Callable[[], Mapping[PartitionId, int]] = dict,
) -> AsyncIterator[Application]:
    async def take(stage: str, batch: Fetched) -> None:
        assert stage == STAGE
        batches.append(batch)

    app = make_application(settings, [plan()], take, lambda: places, durable)
    work = asyncio.create_task(app.start())
    try:
        yield app
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await app.stop()


def asked_for_nothing(consumer: BatchConsumer) -> list[float]:
    """Grows by a time whenever the consumer fetches nothing, but stays in the group."""
    rounds: list[float] = []
    stay = consumer.batches.stay

    async def counted() -> None:
        rounds.append(time.monotonic())
        await stay()

    consumer.batches.stay = counted  # type: ignore[method-assign]  # only to watch it
    return rounds


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 -- what it waits for tells nobody
            await asyncio.sleep(0.02)


def test_an_assigned_partition_without_a_place_waits_for_one(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(partitions=1)
    send_events(settings, ["a", "b"])
    batches: list[Fetched] = []

    async def work() -> None:
        async with running(settings, batches, {}) as app:
            assigned = asyncio.Event()
            app.on_rebalance_complete.connect(lambda *_, **__: assigned.set(), weak=False)
            await asyncio.wait_for(assigned.wait(), 30)
            consumer = app.consumer
            assert isinstance(consumer, BatchConsumer)
            # The group has no offset of this partition; aiokafka keeps that as an error for whoever fetches next.
            fetcher = consumer.batches._ensure_consumer()._fetcher
            await until(lambda: bool(fetcher._records))
            rounds = asked_for_nothing(consumer)
            await until(lambda: len(rounds) > 3 or app.crashed)
            assert app.crash_reason is None
            assert not batches
            await consumer.place({TP(settings.names.public(EVENTS), 0): FetchPosition(0, 1)})
            await until(lambda: sum(len(batch.records) for batch in batches) == 2)

    asyncio.run(work())


def test_what_was_fetched_before_batches_may_flow_is_handed_out_when_they_do(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1)
    batches: list[Fetched] = []
    places = {(settings.names.public(EVENTS), 0): FetchPosition(0, 1)}

    async def work() -> None:
        async with running(settings, batches, places) as app:
            consumer = app.consumer
            assert isinstance(consumer, BatchConsumer)
            await until(lambda: consumer.flow_active)
            held = stop_flow_after_the_next_fetch(consumer)
            await asyncio.to_thread(send_events, settings, ["a", "b"])
            await asyncio.wait_for(held.begins.wait(), 30)
            assert not batches
            consumer.resume_flow()
            await until(lambda: sum(len(batch.records) for batch in batches) == 2)

    asyncio.run(work())


def test_a_batch_of_an_older_generation_is_not_handed_out(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(partitions=1)
    where = (settings.names.public(EVENTS), 0)
    places = {where: FetchPosition(0, 1)}
    batches: list[Fetched] = []

    async def work() -> None:
        async with running(settings, batches, places) as app:
            consumer = app.consumer
            assert isinstance(consumer, BatchConsumer)
            await until(lambda: consumer.flow_active)
            held = stop_flow_after_the_next_fetch(consumer)
            await asyncio.to_thread(send_events, settings, ["a", "b"])
            await asyncio.wait_for(held.begins.wait(), 30)
            # In the next generation the partition is one of two members', and fetched again from its place.
            places[where] = FetchPosition(0, 2)
            async with running(settings, batches, places):
                await asyncio.wait_for(held.is_over.wait(), 30)
                await until(lambda: sum(len(batch.records) for batch in batches if batch.seek == 2) == 2)
            assert [record.offset for batch in batches for record in batch.records] == [0, 1]

    asyncio.run(work())


def test_the_group_is_told_of_what_is_durable_whatever_was_handed_out(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1)
    where = (settings.names.public(EVENTS), 0)
    durable = {where: 1}
    batches: list[Fetched] = []
    send_events(settings, ["a", "b", "c"])

    async def work() -> None:
        async with running(settings, batches, {where: FetchPosition(0, 1)}, lambda: durable) as app:
            await until(lambda: sum(len(batch.records) for batch in batches) == 3)
            await until(lambda: not app.consumer._unacked_messages)  # type: ignore[attr-defined]
            for at in (1, 2, 3):
                durable[where] = at
                await app.consumer.commit()
                assert await asyncio.to_thread(committed, settings) == at

    asyncio.run(work())


def test_nothing_is_remembered_of_what_was_worked_on(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(partitions=1)
    where = (settings.names.public(EVENTS), 0)
    batches: list[Fetched] = []

    async def work() -> None:
        async with running(settings, batches, {where: FetchPosition(0, 1)}) as app:
            consumer = app.consumer
            assert isinstance(consumer, BatchConsumer)
            for visitor in (b"a", b"b", b"c", b"d", b"e"):
                await asyncio.to_thread(send_events, settings, [visitor.decode()])
                await until(partial(has_come, batches, visitor))
            await until(lambda: not consumer._unacked_messages)
            assert len(batches) >= 5
            assert not any(consumer._acked.values())
            assert not any(consumer._acked_index.values())

    asyncio.run(work())


def has_come(batches: list[Fetched], visitor: bytes) -> bool:
    return any(record.key == visitor for batch in batches for record in batch.records)


def committed(settings: Settings) -> int:
    """The group's offset."""
    consumer = Consumer(settings.client_options() | {"group.id": f"{settings.application_id}.{STAGE}"})
    (offset,) = consumer.committed([TopicPartition(settings.names.public(EVENTS), 0)], 10)
    consumer.close()
    return int(offset.offset)


@dataclass
class Held:
    """A fetch that is held, since flow stopped while it was under way."""

    begins: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


def stop_flow_after_the_next_fetch(consumer: BatchConsumer) -> Held:
    """As a rebalance does that is not over when the first fetch of its assignment is answered."""
    fetch, held = consumer._wait_next_records, Held()

    async def fetch_and_stop(timeout: float) -> tuple[Any, Any]:  # noqa: ASYNC109 -- overrides
        if held.begins.is_set():
            held.is_over.set()
            return await fetch(timeout)
        found = await fetch(timeout)
        if found[0]:
            consumer.stop_flow()
            held.begins.set()
        return found

    consumer._wait_next_records = fetch_and_stop  # type: ignore[method-assign]  # to come between
    return held
