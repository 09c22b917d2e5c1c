"""The Faust application on a real broker, beside the rest of a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import pytest
from faust.types import TP

from streams.engine.application import Application, make_application
from streams.engine.fetched import Fetched, Place, Where
from streams.engine.transport import BatchConsumer
from tests.streams.engine.counting import STAGE, plan
from tests.streams.engine.topics import send_events
from weir.settings import Settings
from weir.topics import EVENTS

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def running(
    settings: Settings, batches: list[Fetched], places: Mapping[Where, Place]
) -> AsyncIterator[Application]:
    async def take(stage: str, batch: Fetched) -> None:
        assert stage == STAGE
        batches.append(batch)

    app = make_application(settings, [plan()], take, lambda: places, dict)
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
    async with asyncio.timeout(30):
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
            await consumer.place({TP(settings.names.public(EVENTS), 0): Place(0, 1)})
            await until(lambda: sum(len(batch.records) for batch in batches) == 2)

    asyncio.run(work())
