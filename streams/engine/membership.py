"""This process as a member of its group, from joining to leaving: the Faust app, and what the group gives it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from faust.types import TP

from streams.engine.application import Application, make_application
from streams.engine.exposition import Exposition
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.inbox import Inboxes
from streams.engine.ownership import Ownership
from streams.engine.partition import StagePartition
from streams.engine.plan import StagePlan, Threads
from streams.engine.transport import BatchConsumer
from weir.errors import WorkError
from weir.kafka.records import PartitionId
from weir.settings import Settings

_TICK_S = 0.25
_STOP_S = 20.0

log = logging.getLogger("weir.membership")


class Membership:
    """One membership; `run` once, then `close`. A worker that lost it joins again by another one.

    Args:
        settings: the settings in force.
        plans: the stages that run here.
        threads: where partitions may block.
        exposition: where their effects go.
        fail: takes the error that ends the membership, or the process.
    """

    def __init__(
        self,
        settings: Settings,
        plans: Sequence[StagePlan],
        threads: Threads,
        exposition: Exposition,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._plans = plans
        self._fail = fail
        self._is_over = False
        self._inputs = {settings.names.public(topic) for plan in plans for topic in plan.inputs}
        self.ownership = Ownership(settings, plans, threads, exposition, self.fail, self._place, self.is_current)
        self._inboxes = Inboxes(self._work_on, settings.max_batch_records, settings.commit_interval_s)
        self.app: Application | None = None
        self._work: list[asyncio.Task[None]] = []

    @property
    def is_ready(self) -> bool:
        """Assigned, recovered, not rebalancing."""
        return self.app is not None and not self.app.rebalancing and not self._is_over and self.ownership.is_ready

    def is_current(self) -> bool:
        """Whether what the group gave this process last still holds, as far as it knows; from any thread."""
        app = self.app
        if app is None or self._is_over:
            return False
        consumer = self.consumer
        return not consumer.is_revoked and consumer.batches.generation == app.consumer_generation_id

    def fail(self, error: BaseException) -> None:
        """Ends the membership: nothing is taken any more."""
        self._is_over = True
        self._fail(error)

    def join(self) -> None:
        """Joins the group, and works from then on."""
        self.app = self._make_app()
        self._work = [asyncio.create_task(work) for work in (self.app.start(), self._tick())]

    async def close(self, *, clean: bool) -> None:
        """Leaves the group, with a last checkpoint of each partition if `clean`.

        Raises:
            WeirError: the last checkpoint of some partition failed; the rest is done.
        """
        self._is_over = True
        for task in self._work:
            task.cancel()
        try:
            await self.ownership.close(clean=clean)
        finally:
            self._inboxes.close()
            if self.app is not None:
                await self._stop(self.app)

    @staticmethod
    async def _stop(app: Application) -> None:
        # Not `wait_for`: parts of Faust take a cancellation for their own, and it would wait for them for ever.
        stopping = asyncio.create_task(app.stop())
        await asyncio.wait({stopping}, timeout=_STOP_S)
        if stopping.done():
            stopping.result()
        else:
            log.warning("Faust did not stop within %g s", _STOP_S)
            stopping.cancel()

    def _make_app(self) -> Application:
        ownership = self.ownership
        app = make_application(self._settings, self._plans, self.take, ownership.fetch_positions, ownership.durable)
        app.on_partitions_revoked.connect(self._on_revoked)
        app.on_rebalance_complete.connect(self._on_assigned)
        return app

    async def take(self, stage: str, batch: Fetched) -> None:
        """Has a batch of the present generation worked on, when there is room in its partition's inbox."""
        if self._is_present(batch):
            await self._inboxes.put(stage, batch)

    def _is_present(self, batch: Fetched) -> bool:
        app = self.app
        return app is not None and not self._is_over and batch.generation == app.consumer_generation_id

    async def _work_on(self, stage: str, batch: Fetched) -> None:
        # The generation may have gone by while it waited.
        if not self._is_present(batch):
            return
        try:
            await self.ownership.take(stage, batch)
        except Exception as error:  # noqa: BLE001 -- any error ends the membership, not only the agent
            self.fail(error)

    async def _on_revoked(self, *_: object, **__: object) -> None:
        if self._is_over:
            return
        try:
            await self.ownership.revoke()
        except Exception as error:  # noqa: BLE001 -- likewise
            self.fail(error)

    async def _on_assigned(self, *_: object, **__: object) -> None:
        if self._is_over:
            return
        try:
            # Faust reports an assignment late, perhaps after the next rebalance has begun.
            if self.consumer.is_revoked:
                return
            assigned = self.consumer.assignment()
            await self.ownership.assign({(tp.topic, tp.partition) for tp in assigned if tp.topic in self._inputs})
        except Exception as error:  # noqa: BLE001 -- likewise
            self.fail(error)

    async def _place(self, fetch_positions: Mapping[PartitionId, FetchPosition]) -> None:
        await self.consumer.place({TP(*where): place for where, place in fetch_positions.items()})

    @property
    def consumer(self) -> BatchConsumer:
        """The group's consumer."""
        consumer = self.app.consumer if self.app else None
        if not isinstance(consumer, BatchConsumer):
            raise TypeError(consumer)
        return consumer

    async def _tick(self) -> None:
        """Lets time pass for every partition, and notices when Faust itself has broken."""
        while True:
            await asyncio.sleep(_TICK_S)
            app = self.app
            if app is None or app.rebalancing:
                continue
            if app.crashed:
                self.fail(app.crash_reason or WorkError("Faust ended without a reason."))
            for partition in self.ownership.partitions:
                try:
                    await partition.tick(time.time(), self._ends(partition))
                except Exception as error:  # noqa: BLE001 -- likewise
                    self.fail(error)

    def _ends(self, partition: StagePartition) -> dict[str, int] | None:
        """The ends of the partition's inputs, if the fetch positions are there."""
        now_s, ends = time.time(), {}
        for topic in partition.positions:
            state = self.consumer.batches.fetch_state(TP(topic, partition.number))
            if state is None or not state.is_caught_up(now_s):
                return None
            ends[topic] = state.position
        return ends
