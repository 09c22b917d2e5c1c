"""What runs in one worker process: web server, followers, the Faust app, and the loop that lets time pass."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka.errors import OffsetOutOfRangeError  # type: ignore[import-untyped]  # it has no stubs
from faust.types import TP

from streams.engine.application import Application, make_application
from streams.engine.exposition import Exposition
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.health import Health
from streams.engine.ownership import Ownership
from streams.engine.partition import StagePartition
from streams.engine.plan import StagePlan, Threads
from streams.engine.transport import BatchConsumer
from streams.engine.web import WebServer
from streams.wiring import Followed, TakeEntry
from weir.errors import LostInputError, WeirError, WorkError
from weir.kafka.follower import TopicFollower, wait_for_all
from weir.kafka.observer import Observer
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings

_TICK_S = 0.25
_HEALTH_S = 2.0
_STOP_S = 20.0


log = logging.getLogger("weir.worker")


class Process:
    """One process's share of the work; made in a running loop, `run` once.

    Args:
        settings: the settings in force.
        plans: the stages that run here.
        followed: topics to read to their end before work starts, and to follow from then on.
    """

    def __init__(self, settings: Settings, plans: Sequence[StagePlan], followed: Sequence[Followed] = ()) -> None:
        self._settings = settings
        self._plans = plans
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._failure: WeirError | None = None
        self._threads = Threads()
        self._exposition = Exposition()
        self._ownership = Ownership(settings, plans, self._threads, self._exposition, self.fail, self._place)
        self._followers = [
            TopicFollower(settings, [settings.names.public(topic)], _of_entries(take), self._fail_from_thread)
            for topic, take in followed
        ]
        self._stage_of = {settings.names.public(topic): plan.name for plan in plans for topic in plan.inputs}
        self._health = Health(Observer(settings), self._exposition, self._stage_of, settings.stall_timeout_s)
        self._app: Application | None = None

    async def run(self) -> None:
        """Works until `stop`.

        Raises:
            WeirError: what ended the work otherwise.
        """
        server = WebServer(self._settings, self)
        log.info("metrics and probes at %s", await server.start())
        try:
            await self._work()
        finally:
            await server.stop()
            self._threads.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends the work cleanly: batches in hand are finished, and checkpoints written."""
        self._ended.set()

    def fail(self, error: BaseException) -> None:
        """Ends the work at once; the first error is the one that is told."""
        if self._failure is None:
            log.debug("ended by", exc_info=error)
            self._failure = _told(error)
        self._ended.set()

    async def ended(self) -> None:
        """Returns when the end has begun."""
        await self._ended.wait()

    @property
    def is_ready(self) -> bool:
        """Assigned, recovered, followers read to their end, not rebalancing, not ending."""
        return (
            self._app is not None
            and not self._app.rebalancing
            and not self._ended.is_set()
            and self._ownership.is_ready
        )

    @property
    def is_alive(self) -> bool:
        """Whether offsets advance, or nothing waits."""
        return self._failure is None and self._health.is_alive

    def status(self) -> Mapping[str, Any]:
        """What runs here and how far it is."""
        return {
            "application": self._settings.application_id,
            "stages": [plan.name for plan in self._plans],
            "ready": self.is_ready,
            "live": self.is_alive,
            "partitions": [
                {
                    "stage": partition.stage,
                    "partition": partition.number,
                    "ready": partition.is_ready,
                    "position": dict(partition.positions),
                    "committed": dict(partition.durable),
                    "lag": sum(self._health.lag.get((topic, partition.number), 0) for topic in partition.positions),
                }
                for partition in self._ownership.partitions
            ],
        }

    def metrics(self) -> bytes:
        """In Prometheus' text format."""
        self._exposition.set(float(self.is_ready), "ready")
        return self._exposition.text()

    async def _work(self) -> None:
        background: list[asyncio.Task[None]] = []
        try:
            for follower in self._followers:
                follower.start()
            await self._unless_ended(
                self._threads.kafka(wait_for_all, self._followers, self._settings.recovery_timeout_s)
            )
            if not self._ended.is_set():
                self._app = self._make_app()
                background = [asyncio.create_task(work) for work in (self._app.start(), self._tick(), self._watch())]
                await self._ended.wait()
        finally:
            await self._end(background)

    def _make_app(self) -> Application:
        ownership = self._ownership
        app = make_application(self._settings, self._plans, self._take, ownership.places, ownership.durable)
        app.on_partitions_revoked.connect(self._on_revoked)
        app.on_rebalance_complete.connect(self._on_assigned)
        return app

    async def _end(self, background: Sequence[asyncio.Task[None]]) -> None:
        log.info("ending")
        for task in background:
            task.cancel()
        try:
            await self._ownership.close(clean=self._failure is None)
        except Exception as error:  # noqa: BLE001 -- told when all is closed
            self.fail(error)
        if self._app is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._app.stop(), _STOP_S)
        for follower in self._followers:
            await self._loop.run_in_executor(None, follower.close)

    async def _take(self, stage: str, batch: Fetched) -> None:
        app = self._app
        if app is None or self._ended.is_set() or batch.generation != app.consumer_generation_id:
            return
        try:
            await self._ownership.take(stage, batch)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the process ends with it, and not the agent alone
            self.fail(error)

    async def _on_revoked(self, *_: object, **__: object) -> None:
        if self._ended.is_set():
            return
        try:
            await self._ownership.revoke()
        except Exception as error:  # noqa: BLE001 -- likewise
            self.fail(error)

    async def _on_assigned(self, *_: object, **__: object) -> None:
        if self._ended.is_set():
            return
        try:
            # Faust tells when it gets to it, which may be after the next rebalance has begun.
            if self._consumer.is_revoked:
                return
            assigned = self._consumer.assignment()
            await self._ownership.assign({(tp.topic, tp.partition) for tp in assigned if tp.topic in self._stage_of})
        except Exception as error:  # noqa: BLE001 -- likewise
            self.fail(error)

    async def _place(self, places: Mapping[PartitionId, FetchPosition]) -> None:
        await self._consumer.place({TP(*where): place for where, place in places.items()})

    @property
    def _consumer(self) -> BatchConsumer:
        consumer = self._app.consumer if self._app else None
        if not isinstance(consumer, BatchConsumer):
            raise TypeError(consumer)
        return consumer

    async def _tick(self) -> None:
        """Lets time pass for every partition, and notices when Faust itself has broken."""
        while True:
            await asyncio.sleep(_TICK_S)
            app = self._app
            if app is None or app.rebalancing:
                continue
            if app.crashed:
                self.fail(app.crash_reason or WorkError("Faust ended without a reason."))
            for partition in self._ownership.partitions:
                try:
                    await partition.tick(time.time(), self._ends(partition))
                except Exception as error:  # noqa: BLE001 -- likewise
                    self.fail(error)

    def _ends(self, partition: StagePartition) -> dict[str, int] | None:
        """Where the partition's inputs end, if that is where fetching stands."""
        now_s, ends = time.time(), {}
        for topic in partition.positions:
            state = self._consumer.batches.fetch_state(TP(topic, partition.number))
            if state is None or not state.is_caught_up(now_s):
                return None
            ends[topic] = state.position
        return ends

    async def _watch(self) -> None:
        """Measures lag, and ends a worker that stands still or never gets ready."""
        ready_at_s = time.monotonic()
        patience_s = self._settings.recovery_timeout_s + self._settings.stall_timeout_s
        while True:
            await asyncio.sleep(_HEALTH_S)
            if self.is_ready:
                ready_at_s = time.monotonic()
            elif time.monotonic() - ready_at_s > patience_s:
                self.fail(
                    WorkError(f"The worker was not ready for {patience_s:g} s.", "Look at its log and at the brokers.")
                )
            positions = {
                (topic, partition.number): position
                for partition in self._ownership.partitions
                for topic, position in partition.positions.items()
            }
            try:
                await self._threads.kafka(self._health.check, positions, time.monotonic(), time.time())
            except Exception as error:  # noqa: BLE001 -- likewise
                self.fail(error)

    async def _unless_ended(self, work: Awaitable[None]) -> None:
        working, ended = asyncio.ensure_future(work), asyncio.ensure_future(self._ended.wait())
        await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if working.done():
            await working

    def _fail_from_thread(self, error: Exception) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.fail, error)


def _of_entries(take: TakeEntry) -> Callable[[LogRecord], None]:
    return lambda record: take(record.key or b"", record.value)


def _told(error: BaseException) -> WeirError:
    """The error as a sentence for a person."""
    if isinstance(error, WeirError):
        return error
    if isinstance(error, OffsetOutOfRangeError):
        where = ", ".join(
            f"offset {offset} of partition {tp.partition} of {tp.topic}" for tp, offset in error.args[0].items()
        )
        return LostInputError(
            f"Input that is still to be read is gone from the log: {where}.",
            "Look at the topic's retention; restore it, or start under another application id.",
        )
    log.error("unforeseen", exc_info=error)
    return WorkError(f"The worker ended for an unforeseen reason: {error!r}.", "This is a defect to report.")
