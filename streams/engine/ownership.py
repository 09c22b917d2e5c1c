"""Partitions that this process owns: follows the group's assignments, recovers new ones, and closes revoked ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

from streams.engine.exposition import Exposition
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.partition import StagePartition
from streams.engine.partition_state import PartitionContext
from streams.engine.plan import StagePlan, Threads
from streams.engine.recovery import AbandonedError
from streams.engine.transaction import BrokenTransactionError
from weir.errors import FencedError, WorkError
from weir.kafka.records import PartitionId
from weir.settings import Settings

log = logging.getLogger("weir.ownership")
_LEAVE_S = 8.0
"""Time for running calls when a worker leaves its group: calls to brokers take five seconds at most."""


class Ownership:
    """All partitions of one worker. Its methods belong to the loop's thread.

    Args:
        settings: the settings in force.
        plans: the stages that run here.
        threads: for calls that block.
        exposition: where their effects go.
        fail: ends the process with an error message.
        place: sets fetching back to the position of a repaired partition.
        is_current: whether the group's last assignment to this worker still holds; asked from any thread.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- it connects all parts of a worker
        self,
        settings: Settings,
        plans: Sequence[StagePlan],
        threads: Threads,
        exposition: Exposition,
        fail: Callable[[Exception], None],
        place: Callable[[Mapping[PartitionId, FetchPosition]], Awaitable[None]],
        is_current: Callable[[], bool],
    ) -> None:
        self._plans = {plan.name: plan for plan in plans}
        self._inputs = {plan.name: {settings.names.public(topic) for topic in plan.inputs} for plan in plans}
        self._context = PartitionContext(settings, threads, exposition, fail, self._repair, is_current)
        self._fail = fail
        self._place = place
        self._owned: dict[tuple[str, int], StagePartition] = {}
        self._recoveries: dict[StagePartition, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._revoked = asyncio.Event()
        self._is_settled = False

    @property
    def partitions(self) -> list[StagePartition]:
        """What is owned now, recovered or not."""
        return list(self._owned.values())

    @property
    def is_ready(self) -> bool:
        """Whether the group has assigned partitions, and all of them are recovered."""
        return self._is_settled and all(partition.is_ready for partition in self._owned.values())

    def fetch_positions(self) -> dict[PartitionId, FetchPosition]:
        """The next fetch position of each recovered partition; batches fetched before this call are dropped."""
        return {
            where: place
            for partition in self.partitions
            if partition.is_ready
            for where, place in partition.fetch_positions().items()
        }

    def durable(self) -> dict[PartitionId, int]:
        """Up to where everything is committed."""
        return {
            (topic, partition.number): offset
            for partition in self.partitions
            for topic, offset in partition.durable.items()
        }

    async def take(self, stage: str, batch: Fetched) -> None:
        """Gives a batch to its partition; drops it if that isn't owned.

        Raises:
            WeirError: as in `StagePartition.take`.
        """
        partition = self._owned.get((stage, batch.partition))
        if partition is not None:
            await partition.take(batch)

    async def revoke(self) -> None:
        """Suspends all partitions, before the group assigns them anew.

        Raises:
            WeirError: another owner has taken over already.
        """
        self._is_settled = False
        self._revoked.set()
        await asyncio.gather(*(partition.suspend() for partition in self.partitions))

    async def assign(self, assigned: set[PartitionId]) -> None:
        """The group has shared the partitions out: returns when all of ours are recovered, or revoked again.

        Raises:
            WeirError: the inputs of a stage were not assigned together, or another owner has taken over meanwhile.
        """
        self._revoked.clear()
        wanted = self._wanted(assigned)
        for key in set(self._owned) - wanted:
            self._drop(key)
        for key in wanted - set(self._owned):
            self._add(key)
        await asyncio.gather(*(partition.resume() for partition in self.partitions))
        await self._recovered_or_revoked()
        self._is_settled = not self._revoked.is_set()

    async def close(self, *, clean: bool) -> None:
        """Lets go of everything, with a last checkpoint if `clean`, or as a dying process would.

        Raises:
            WeirError: the last checkpoint of some partition failed; the others are done.
        """
        self._is_settled = False
        errors: list[BaseException | None] = []
        if clean:
            suspended = (partition.suspend() for partition in self.partitions)
            errors += await asyncio.gather(*suspended, return_exceptions=True)
        for partition in self.partitions:
            partition.abandon()
        # A recovery that is under way may be fencing: nothing of it may be left when this worker joins again.
        recoveries = list(self._recoveries.values())
        for task in self._background:
            task.cancel()
        if recoveries:
            await asyncio.wait(recoveries, timeout=_LEAVE_S)
        for task in recoveries:
            task.cancel()
        closing = [asyncio.create_task(one.close()) for one in self.partitions if not clean or one.is_recovered]
        if closing:
            await asyncio.wait(closing, timeout=_LEAVE_S)
        self._owned.clear()
        for error in errors:
            if error is not None:
                raise error

    def _wanted(self, assigned: set[PartitionId]) -> set[tuple[str, int]]:
        wanted = set()
        for stage, topics in self._inputs.items():
            numbers = [{number for name, number in assigned if name == topic} for topic in topics]
            if any(of_topic != numbers[0] for of_topic in numbers):
                raise WorkError(
                    f"The group did not assign the inputs of {stage} together.",
                    f"Check that {' and '.join(sorted(topics))} have equally many partitions.",
                )
            wanted |= {(stage, number) for number in numbers[0]}
        return wanted

    def _add(self, key: tuple[str, int]) -> None:
        stage, number = key
        partition = self._owned[key] = StagePartition(self._plans[stage], number, self._context)
        task = self._recoveries[partition] = asyncio.create_task(self._recover(partition))
        task.add_done_callback(lambda _: self._recoveries.pop(partition, None))

    def _drop(self, key: tuple[str, int]) -> None:
        partition = self._owned.pop(key)
        partition.abandon()
        self._later(self._let_go(partition, self._recoveries.get(partition)))

    async def _let_go(self, partition: StagePartition, recovery: asyncio.Task[None] | None) -> None:
        if recovery is not None:
            await recovery
        await partition.close()
        log.info("%s let go", partition)

    async def _recover(self, partition: StagePartition) -> None:
        try:
            await partition.recover()
        except AbandonedError:
            log.info("recovery of %s abandoned", partition)
        except BrokenTransactionError as error:
            log.warning("A transaction of the recovery of %s was refused: %s", partition, error)
            await self._recover_again(partition)
        except FencedError as error:
            self._lost_race(partition, error)
        except Exception as error:  # noqa: BLE001 -- the process ends with any error
            self._fail(error)

    def _lost_race(self, partition: StagePartition, error: FencedError) -> None:
        """A newer owner fenced us during recovery: fine if the group has revoked the partition, else a loss."""
        key = (partition.stage, partition.number)
        if self._owned.get(key) is partition and not self._revoked.is_set():
            self._fail(error)
        elif self._owned.get(key) is partition:
            del self._owned[key]

    def _repair(self, partition: StagePartition) -> None:
        self._later(self._recover_again(partition))

    async def _recover_again(self, partition: StagePartition) -> None:
        while True:
            try:
                await partition.recover_again()
            except BrokenTransactionError as error:
                log.warning("%s was refused again: %s", partition, error)
            except AbandonedError:
                return
            except FencedError as error:
                self._lost_race(partition, error)
                return
            except Exception as error:  # noqa: BLE001 -- likewise
                self._fail(error)
                return
            else:
                break
        if partition.is_ready:
            await self._place(partition.fetch_positions())

    async def _recovered_or_revoked(self) -> None:
        if not self._recoveries:
            return
        revoked = asyncio.ensure_future(self._revoked.wait())
        recovered = asyncio.ensure_future(asyncio.wait(set(self._recoveries.values())))
        try:
            await asyncio.wait({revoked, recovered}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            revoked.cancel()
            recovered.cancel()

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
