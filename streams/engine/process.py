"""What runs in one worker process: web server, followers, and one membership of the group after another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import errors as group_errors  # type: ignore[import-untyped]  # it has no stubs

from streams.compiled.form import form
from streams.engine.exposition import Exposition
from streams.engine.health import Health
from streams.engine.membership import Membership
from streams.engine.plan import StagePlan, Threads
from streams.engine.rejoining import MOST, Rejoining
from streams.engine.web import WebServer
from streams.wiring import Followed, TakeEntry
from weir.errors import FencedError, LostInputError, WeirError, WorkError
from weir.kafka.follower import TopicFollower, wait_for_all
from weir.kafka.observer import Observer
from weir.kafka.records import LogRecord
from weir.settings import Settings

_HEALTH_S = 2.0
_LOST_MEMBERSHIP = (
    FencedError,
    group_errors.CommitFailedError,
    group_errors.IllegalGenerationError,
    group_errors.UnknownMemberIdError,
)
"""Errors after which nothing is known to be wrong with input or state: the partitions are others' now."""

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
        self._rejoining = Rejoining()
        self._loss: BaseException | None = None
        self._lost = asyncio.Event()
        self.membership = self._new_membership()
        self._followers = [
            TopicFollower(settings, [settings.names.public(topic)], _of_entries(take), self._fail_from_thread)
            for topic, take in followed
        ]
        self._stage_of = {settings.names.public(topic): plan.name for plan in plans for topic in plan.inputs}
        self._health = Health(Observer(settings), self._exposition, self._stage_of, settings.stall_timeout_s)

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
        """Ends the work at once; the first error is the one that is reported."""
        if self._failure is None:
            log.debug("ended by", exc_info=error)
            self._failure = _as_weir_error(error)
        self._ended.set()

    async def ended(self) -> None:
        """Returns when the end has begun."""
        await self._ended.wait()

    @property
    def is_ready(self) -> bool:
        """Assigned, recovered, followers read to their end, not rebalancing, not ending."""
        return not self._ended.is_set() and self.membership.is_ready

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
            "compiled": form().is_compiled,
            "model_key": self._settings.model_key is not None,
            "partitions": [
                {
                    "stage": partition.stage,
                    "partition": partition.number,
                    "ready": partition.is_ready,
                    "position": dict(partition.positions),
                    "committed": dict(partition.durable),
                    "lag": sum(self._health.lag.get((topic, partition.number), 0) for topic in partition.positions),
                }
                for partition in self.membership.ownership.partitions
            ],
        }

    def metrics(self) -> bytes:
        """In Prometheus' text format."""
        self._exposition.set(float(self.is_ready), "ready")
        self._exposition.set(1, "compiled_info", "compiled" if form().is_compiled else "python")
        owned = Counter(partition.stage for partition in self.membership.ownership.partitions)
        for plan in self._plans:
            self._exposition.set(owned[plan.name], "partitions_owned", plan.name)
        return self._exposition.text()

    async def _work(self) -> None:
        watching: asyncio.Task[None] | None = None
        try:
            for follower in self._followers:
                follower.start()
            await self._unless_ended(
                self._threads.kafka(wait_for_all, self._followers, self._settings.recovery_timeout_s)
            )
            watching = asyncio.create_task(self._watch())
            while not self._ended.is_set():
                await self._work_as_member()
        finally:
            log.info("ending")
            if watching is not None:
                watching.cancel()
            for follower in self._followers:
                await self._loop.run_in_executor(None, follower.close)

    async def _work_as_member(self) -> None:
        """Joins the group, and works until the end or until the membership is lost."""
        self.membership.join()
        await self._unless_ended(_until(self._lost))
        is_lost = self._loss is not None
        try:
            await self.membership.close(clean=self._failure is None and not is_lost)
        except Exception as error:  # noqa: BLE001 -- reported when all is closed
            self.fail(error)
        if is_lost and not self._ended.is_set():
            await self._prepare_to_rejoin()

    async def _prepare_to_rejoin(self) -> None:
        """Waits a while, and has another membership ready; ends the process if it was lost too often."""
        loss, self._loss = self._loss, None
        self._lost.clear()
        pause_s = self._rejoining.lost(time.monotonic())
        if pause_s is None:
            self.fail(
                FencedError(
                    f"This worker lost its partitions {MOST} times within minutes, the last time by: {loss}",
                    "Does another deployment run the same stages under this application id? `weir doctor` shows it.",
                )
            )
            return
        self._exposition.count("memberships_lost")
        log.warning("lost its partitions, leaves the group and joins again in %.2f s: %s", pause_s, loss)
        await self._unless_ended(asyncio.sleep(pause_s))
        self.membership = self._new_membership()

    def _new_membership(self) -> Membership:
        made = Membership(
            self._settings, self._plans, self._threads, self._exposition, lambda error: self._failed(made, error)
        )
        return made

    def _failed(self, membership: Membership, error: BaseException) -> None:
        """A membership ended: by the loss of its partitions, or by what ends the process."""
        if not isinstance(error, _LOST_MEMBERSHIP):
            self.fail(error)
        elif membership is self.membership and self._loss is None:
            self._loss = error
            self._lost.set()

    async def _watch(self) -> None:
        """Measures lag, and ends a worker that makes no progress or never becomes ready."""
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
                for partition in self.membership.ownership.partitions
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


async def _until(event: asyncio.Event) -> None:
    await event.wait()


def _of_entries(take: TakeEntry) -> Callable[[LogRecord], None]:
    return lambda record: take(record.key or b"", record.value)


def _as_weir_error(error: BaseException) -> WeirError:
    """The error as a sentence for a person."""
    if isinstance(error, WeirError):
        return error
    if isinstance(error, group_errors.OffsetOutOfRangeError):
        where = ", ".join(
            f"offset {offset} of partition {tp.partition} of {tp.topic}" for tp, offset in error.args[0].items()
        )
        return LostInputError(
            f"Input that is still to be read is gone from the log: {where}.",
            "Look at the topic's retention; restore it, or start under another application id.",
        )
    log.error("unforeseen", exc_info=error)
    return WorkError(f"The worker ended for an unforeseen reason: {error!r}.", "This is a defect to report.")
