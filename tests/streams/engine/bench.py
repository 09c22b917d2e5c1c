"""One partition on a real broker, without a group: a test hands it batches itself."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from streams.engine.exposition import Exposition
from streams.engine.fetched import Fetched
from streams.engine.partition import StagePartition
from streams.engine.partition_state import PartitionContext
from streams.engine.plan import StagePlan, Threads
from streams.task import Task
from tests.streams.engine.counting import STAGE, CountTask
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import EVENTS


@dataclasses.dataclass
class Bench:
    """A partition's surroundings, and what it asked of them."""

    settings: Settings
    threads: Threads = dataclasses.field(default_factory=Threads)
    exposition: Exposition = dataclasses.field(default_factory=Exposition)
    failures: list[Exception] = dataclasses.field(default_factory=list)
    refused: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def partition(self, make: Callable[[int], Task] = CountTask) -> StagePartition:
        around = PartitionContext(
            self.settings, self.threads, self.exposition, self.failures.append, lambda _: self.refused.set()
        )
        return StagePartition(StagePlan(STAGE, (EVENTS,), make), 0, around)

    @property
    def topic(self) -> str:
        return self.settings.names.public(EVENTS)

    def batch(self, partition: StagePartition, visitors: Sequence[str], start: int) -> Fetched:
        seek = partition.fetch_positions()[self.topic, 0].seek
        records = [
            LogRecord(self.topic, 0, start + at, 0, visitor.encode(), b"event") for at, visitor in enumerate(visitors)
        ]
        return Fetched(self.topic, 0, records, start, start + len(records), generation=1, seek=seek)

    async def until_durable(self, partition: StagePartition, offset: int) -> None:
        """Returns when the flush that `take` began is committed."""
        async with asyncio.timeout(30):
            while partition.durable[self.topic] != offset:  # noqa: ASYNC110 -- a flush tells nobody
                await asyncio.sleep(0.01)

    def committed(self, end: str) -> float | None:
        return self.exposition.registry.get_sample_value("weir_transactions_total", {"stage": STAGE, "end": end})


@asynccontextmanager
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    made = Bench(settings)
    yield made
    made.threads.close()
