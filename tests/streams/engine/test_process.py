"""A worker's process from within: what no signal or request from outside can bring about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from streams.engine.fetched import Fetched
from streams.engine.process import Process
from tests.streams.engine.counting import STAGE, plan
from tests.support.polling import PATIENCE_S
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import EVENTS

pytestmark = pytest.mark.kafka


async def until_ready(process: Process) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not process.is_ready:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.02)


def test_an_assignment_that_is_told_after_the_next_rebalance_has_begun_resumes_nothing(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1)

    async def work() -> None:
        process = Process(settings, [plan()])
        running = asyncio.create_task(process.run())
        await until_ready(process)
        (partition,) = process.membership.ownership.partitions
        consumer = process.membership.consumer
        assigned = consumer.assignment()
        await consumer.on_partitions_revoked(assigned)
        await process.membership._on_assigned()
        assert not partition.is_ready
        await consumer.on_partitions_assigned(assigned, process.membership.app.consumer_generation_id)  # type: ignore[union-attr]
        await until_ready(process)
        process.stop()
        await running

    asyncio.run(work())


def test_a_batch_of_an_older_generation_is_dropped_though_its_seek_has_come_again(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1)
    topic = settings.names.public(EVENTS)

    async def work() -> None:
        process = Process(settings, [plan()])
        running = asyncio.create_task(process.run())
        await until_ready(process)
        (partition,) = process.membership.ownership.partitions
        app = process.membership.app
        assert app is not None
        # A partition that goes and comes back counts its seeks from the beginning, and may stand lower than before.
        seek = partition._seeks[topic]
        record = LogRecord(topic, 0, 7, 0, b"ann", b"event")
        await process.membership.take(STAGE, Fetched(topic, 0, [record], 7, 8, app.consumer_generation_id - 1, seek))
        assert partition.positions == {topic: 0}
        process.stop()
        await running

    asyncio.run(work())
