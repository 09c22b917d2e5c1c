"""Writes what a partition's work led to: outputs, state and progress, in one transaction at a time.

At most one commit is on its way. While it is, the next batch may be worked on and nothing more: its flush waits here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from streams.engine import progress as progress_records
from streams.engine.cap import DeadLetterWatch
from streams.engine.exposition import Exposition
from streams.engine.plan import Threads
from streams.engine.progress import ENGINE_KEYS, PROGRESS_KEY, InputPosition, Progress
from streams.engine.transaction import Transactions
from streams.task import Effects, Task
from weir.errors import WorkError

log = logging.getLogger("weir.flush")


class Flusher:
    """The way from memory to Kafka for one stage's partition.

    Args:
        stage: the stage's name, for metrics.
        transactions: the partition's producer, fenced already.
        threads: where it may block.
        exposition: where effects go once they are real.
        on_error: called once when a commit fails, BrokenTransactionError or WeirError; until `start` is called again
            every further flush raises the same.
    """

    def __init__(
        self,
        stage: str,
        transactions: Transactions,
        threads: Threads,
        exposition: Exposition,
        on_error: Callable[[Exception], None],
    ) -> None:
        self._stage = stage
        self._transactions = transactions
        self._threads = threads
        self._exposition = exposition
        self._on_error = on_error
        self._topic_ids: Mapping[str, str] = {}
        self._watches: Mapping[str, DeadLetterWatch] = {}
        self._committing: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._checkpoint_at = 0.0
        self._number = 0
        self.durable: dict[str, int] = {}
        """By full topic name: position up to which everything is committed."""
        self.checkpoint: dict[str, int] = {}
        """Likewise: position up to which the written state contains the input."""

    def start(
        self,
        positions: Mapping[str, int],
        checkpoint: Mapping[str, int],
        topic_ids: Mapping[str, str],
        watches: Mapping[str, DeadLetterWatch],
        number: int,
    ) -> None:
        """Takes up after a recovery that led from `checkpoint` to `positions`, which flush `number` wrote.

        `watches` are kept with the progress.
        """
        self._number = number
        self._topic_ids = topic_ids
        self._watches = watches
        self._error = None
        self.durable = dict(positions)
        self.checkpoint = dict(checkpoint)

    @property
    def is_idle(self) -> bool:
        """Whether no commit is on its way."""
        return self._committing is None or self._committing.done()

    @property
    def checkpoint_age_s(self) -> float:
        """Seconds since the last checkpoint was committed."""
        return time.monotonic() - self._checkpoint_at

    async def flush(
        self, task: Task, effects: Effects, positions: Mapping[str, int], *, checkpoint: bool, always: bool = True
    ) -> None:
        """Sends everything and starts the commit; returns before it is done.

        Args:
            task: whose state and progress to write.
            effects: what to publish; applied to the metrics after the commit.
            positions: up to where the input is folded.
            checkpoint: whether the changed state goes with it.
            always: False to do nothing when there is neither output nor changed state.

        Raises:
            BrokenTransactionError: this flush or the one before was refused.
            WeirError: likewise, and repeating it would not help.
        """
        await self.settle()
        begun = time.perf_counter()
        at = dict(positions)
        if await self._threads.work(self._write, task, effects, at, checkpoint=checkpoint, always=always):
            self._committing = asyncio.create_task(self._commit(effects, at, checkpoint=checkpoint, begun=begun))
        else:
            self._exposition.apply(effects)

    async def settle(self) -> None:
        """Waits until the last flush is committed.

        Raises:
            BrokenTransactionError: it was refused.
            WeirError: likewise, and repeating it would not help.
        """
        if self._committing is not None:
            await asyncio.shield(self._committing)
        if self._error is not None:
            raise self._error

    def _write(
        self, task: Task, effects: Effects, positions: dict[str, int], *, checkpoint: bool, always: bool
    ) -> bool:
        entries = list(task.changes()) if checkpoint else []
        if not (always or entries or effects.outputs):
            return False
        if any(key[0] in ENGINE_KEYS for key, _ in entries):
            raise WorkError(f"The stage {self._stage} uses a state key of the engine's; this is a defect to report.")
        self._number += 1
        transactions = self._transactions
        transactions.begin(self._number)
        for output in effects.outputs:
            transactions.send(output)
        transactions.write(entries)
        transactions.write(
            [(PROGRESS_KEY, self._progress(task, positions, positions if checkpoint else self.checkpoint))]
        )
        return True

    def _progress(self, task: Task, positions: Mapping[str, int], checkpoint: Mapping[str, int]) -> bytes:
        inputs = {
            topic: InputPosition(self._topic_ids[topic], position, checkpoint[topic], self._watches[topic].kept)
            for topic, position in positions.items()
        }
        return progress_records.encode(Progress(inputs, task.progress(), self._number))

    async def _commit(self, effects: Effects, positions: dict[str, int], *, checkpoint: bool, begun: float) -> None:
        try:
            await self._threads.kafka(self._transactions.commit)
        except Exception as error:  # noqa: BLE001 -- any error of a background task must reach the flush that waits
            self._error = error
            self._on_error(error)
            return
        self.durable = positions
        if checkpoint:
            self.checkpoint = positions
            self._checkpoint_at = time.monotonic()
        self._exposition.apply(effects)
        self._exposition.count("transactions", self._stage, "committed")
        self._exposition.observe(time.perf_counter() - begun, "flush_seconds", self._stage)
