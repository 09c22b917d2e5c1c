"""The life of one stage's partition: recover, work batch by batch, flush, checkpoint, hand over.

    RECOVERING ── state restored ──► READY ── suspend ──► SUSPENDED ── resume ──► READY, or RECOVERING without memory
        ▲                              │
        └── flush refused, or its ─────┘                  any ── abandon ──► ABANDONED
            outcome unknown

A batch is taken while READY and dropped otherwise: the next owner of the partition reads it again. `Recovered` exists
while the memory equals the state in Kafka plus the input folded since; any failure that makes them differ deletes
`Recovered`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from streams.engine.cap import Cap, DeadLetterWatch
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.flush import Flusher
from streams.engine.partition_state import PartitionContext, PartitionState, Recovered
from streams.engine.plan import StagePlan
from streams.engine.recovery import AbandonedError, Recovery
from streams.engine.repairs import Repairs
from streams.engine.transaction import BrokenTransactionError, NotCurrentError, Transactions
from streams.task import Effects, Task
from weir.errors import WeirError, WorkError
from weir.kafka.records import InputRecord
from weir.metric_names import GaugeName

_LOOK_AGAIN_S = 0.05
"""Seconds between two checks whether the rebalance has ended, which takes some hundred milliseconds."""
_LONGEST_WORK_S = 0.25
_RECORDS_BETWEEN_LOOKS = 1_000
"""A transaction holds what was fetched at once: few records when caught up, many when behind, since each transaction
costs the brokers the same. If the work takes so long that readers would wait, a part of it is written first; the clock
is read after so many records."""
_LONGEST_FENCE_S = 10.0
"""Twice what one request takes at most."""
_PARTITION_GAUGES: tuple[GaugeName, ...] = (
    *("sessions_open", "watermark_timestamp_seconds", "recovery_seconds", "recovered_entries"),
    *("dead_letter_share", "labels_waiting"),
)

log = logging.getLogger("weir.partition")


class StagePartition:
    """One partition of one stage, owned by this process. All methods belong to the loop's thread."""

    def __init__(self, plan: StagePlan, number: int, context: PartitionContext) -> None:
        self.stage = plan.name
        self.number = number
        self._plan = plan
        self._context = context
        self._threads = context.threads
        self._inputs = [context.settings.names.public(topic) for topic in plan.inputs]
        self._task: Task = plan.make(number)
        self._interval_s = context.settings.checkpoint_interval_s if self._task.replays_from_checkpoint else 0.0
        # Batches, ticks, suspension and recovery all change the memory: one at a time, in the order of their arrival.
        self._lock = asyncio.Lock()
        self._recovered: Recovered | None = None
        self._withheld: PartitionState | None = None
        """SUSPENDED or ABANDONED."""
        self._transactions: Transactions | None = None
        self._flusher: Flusher | None = None
        """The flusher of the last take-over, even if its recovery failed."""
        self._recovery: Recovery | None = None
        self._last_positions: Mapping[str, int] = {}
        # Batches carry the number of the seek that they were fetched after: older ones must not be folded twice.
        self._seeks = dict.fromkeys(self._inputs, 0)
        self._repairs = Repairs(str(self), context.settings.stall_timeout_s)
        self._repair_waits = False
        self._no_fence_pending = asyncio.Event()
        self._no_fence_pending.set()

    def __str__(self) -> str:
        return f"partition {self.number} of {self.stage}"

    @property
    def state(self) -> PartitionState:
        """Where the partition is in its life."""
        if self._withheld is not None:
            return self._withheld
        return PartitionState.READY if self._recovered is not None else PartitionState.RECOVERING

    @property
    def is_recovered(self) -> bool:
        """Whether its state is in memory; it may be suspended."""
        return self._recovered is not None

    @property
    def is_ready(self) -> bool:
        """Whether it takes batches."""
        return self.state is PartitionState.READY

    @property
    def positions(self) -> Mapping[str, int]:
        """By full topic name: position up to which input is folded in memory, or was when memory was last whole."""
        return self._recovered.positions if self._recovered is not None else self._last_positions

    @property
    def durable(self) -> Mapping[str, int]:
        """By full topic name: position up to which everything is committed."""
        return self._flusher.durable if self._flusher else {}

    def fetch_positions(self) -> dict[tuple[str, int], FetchPosition]:
        """Where fetching must go on; batches fetched before this call are dropped from now on."""
        self._drop_fetched()
        positions = self.positions
        return {(topic, self.number): FetchPosition(positions[topic], self._seeks[topic]) for topic in self._inputs}

    async def recover(self) -> None:
        """Fences the last owner and restores the state.

        Raises:
            WeirError: as in `Recovery.run`.
            BrokenTransactionError: a transaction of the recovery was refused; `recover_again` may help.
            AbandonedError: the partition was abandoned meanwhile.
        """
        async with self._lock:
            await self._restore(*await self._take_over())

    async def recover_again(self) -> None:
        """Drops the memory and recovers with a new producer, which ends the last one's open transaction.

        Raises:
            WeirError: as in `Recovery.run`, or flushes were refused too often in a row.
            BrokenTransactionError: refused once more.
            AbandonedError: the partition was abandoned meanwhile, or is suspended: `resume` asks for the repair again.
        """
        async with self._lock:
            if self._transactions is None:
                raise WorkError(f"{self} was never recovered.")
            self._repairs.count(self.durable)
            await asyncio.sleep(self._repairs.pause_s)
            if self._withheld is not None:
                # Another worker may own the partition by now: to fence that one would cost it its work.
                self._repair_waits = True
                raise AbandonedError
            outcome_unknown = self._transactions.outcome_unknown
            self._context.exposition.count("transactions", self.stage, "in_doubt" if outcome_unknown else "aborted")
            if outcome_unknown:
                self._repairs.allow_more_time()
            # A producer whose transaction failed may still have requests on their way: a new epoch makes them void.
            self._forget_memory()
            await self._threads.kafka(self._transactions.close)
            self._task = self._plan.make(self.number)
            await self._restore(*await self._take_over())

    async def take(self, batch: Fetched) -> None:
        """Works on a batch; drops it unless the partition is ready and the batch was fetched since the last seek.

        Raises:
            WeirError: the batch leaves a gap, the stage's own code failed, too much of its input becomes dead letters,
                or another owner has taken over.
        """
        async with self._lock:
            if not self.is_ready or batch.seek != self._seeks[batch.topic]:
                return
            position = self.positions[batch.topic]
            # Retention deleted input, or a fetch was lost: to go on would skip records without a trace.
            if batch.start > position:
                raise WorkError(
                    f"Input of {self} is missing: {batch.topic} was read up to {position}, and the next batch "
                    f"starts at {batch.start}.",
                    "Start the worker again: it continues from the position in its state.",
                )
            await self._apply_newer_rules()
            recovered = self._recovered
            if recovered is None:
                return
            records = batch.unread(position)
            if not records:
                recovered.positions[batch.topic] = max(position, batch.end)
            with self._memory_whole_or_dropped():
                done = 0
                # A commit on its way may fail meanwhile: the flush then raises, and what was worked on is dropped.
                while done < len(records) and self.is_ready:
                    effects = Effects()
                    worked_on = await self._fold(records, done, effects)
                    self._watch_dead_letters(recovered, batch.topic, worked_on, effects)
                    done += len(worked_on)
                    end = records[done].offset if done < len(records) else batch.end
                    recovered.positions[batch.topic] = max(position, end)
                    await self._flush(recovered, effects)

    async def tick(self, now_s: float, ends: Mapping[str, int] | None) -> None:
        """Lets time pass: does the task's own work if all input is read, and writes a flush that is due.

        Args:
            now_s: the time.
            ends: by full topic name, the end of each input's log, if that is also the fetch position and no
                transaction is open there; None if there is more to read.

        Raises:
            WeirError: the stage's own code failed, or another owner has taken over.
        """
        async with self._lock:
            if not self.is_ready or self._flusher is None or not self._flusher.is_idle:
                return
            await self._apply_newer_rules()
            recovered = self._recovered
            if recovered is None:
                return
            effects, flusher = Effects(), recovered.flusher
            with self._memory_whole_or_dropped():
                # With input unread, time must not pass: an event that waits may keep a session open.
                if ends == recovered.positions:
                    await self._threads.work(self._task.tick, now_s, effects)
                moved = recovered.positions != flusher.durable or (
                    self._is_checkpoint_due(flusher) and recovered.positions != flusher.checkpoint
                )
                await self._flush(recovered, effects, always=moved)

    async def suspend(self) -> None:
        """Takes no more batches; finishes the one in hand and checkpoints, so that the next owner replays little.

        A request to fence that is on its way is waited for, within bounds: if it arrives when another worker owns the
        partition, that worker loses its work.

        Raises:
            WeirError: another owner has taken over already.
        """
        self._withheld = self._withheld or PartitionState.SUSPENDED
        if not self.is_recovered:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._no_fence_pending.wait(), _LONGEST_FENCE_S)
            return
        async with self._lock:
            recovered = self._recovered
            if recovered is None:
                return
            with self._refusal_handled():
                await recovered.flusher.settle()
                if recovered.positions != recovered.flusher.checkpoint:
                    await self._checkpoint(recovered)

    async def resume(self) -> None:
        """Takes batches again, after a rebalance that left the partition here.

        A worker that was paused during a rebalance finds the partition here too, though others may have owned it since.
        A checkpoint fails then: the next flush would too, but without input there is none.

        Raises:
            WeirError: another owner has taken over meanwhile.
        """
        # Before anything is waited for: the next rebalance may begin meanwhile, and suspends.
        if self._withheld is PartitionState.SUSPENDED:
            self._withheld = None
        if self._repair_waits:
            self._repair_waits = False
            self._context.repair(self)
        if self._recovered is not None:
            async with self._lock:
                if self._recovered is not None and self.is_ready:
                    with self._refusal_handled():
                        await self._checkpoint(self._recovered)

    def abandon(self) -> None:
        """Takes no batches any more; ends a recovery that is under way soon, and lets none begin."""
        self._withheld = PartitionState.ABANDONED
        if self._recovery is not None:
            self._recovery.abandon()

    async def close(self) -> None:
        """Closes without a flush; call `suspend` before if one is wanted."""
        self._withheld = self._withheld or PartitionState.SUSPENDED
        self._forget_memory()
        async with self._lock:
            if self._transactions is not None:
                await self._threads.kafka(self._transactions.close)
        self._context.exposition.forget(self.number, *_PARTITION_GAUGES)

    async def _take_over(self) -> tuple[Transactions, Flusher]:
        context = self._context
        transactions = await self._threads.kafka(
            Transactions, context.settings, self.stage, self.number, self._repairs.unknown_outcome_s
        )
        flusher = Flusher(self.stage, transactions, self._threads, context.exposition, self._flush_failed)
        self._transactions, self._flusher = transactions, flusher
        # Only a current owner fences. During a rebalance another worker may own the partition by now, and would lose
        # its work; until the group has answered, it is not known.
        while True:
            if self._withheld is PartitionState.ABANDONED:
                raise AbandonedError
            self._no_fence_pending.clear()
            try:
                await self._threads.kafka(transactions.fence, context.settings.recovery_timeout_s, self._is_current)
            except NotCurrentError:
                self._no_fence_pending.set()
                await asyncio.sleep(_LOOK_AGAIN_S)
            else:
                return transactions, flusher
            finally:
                self._no_fence_pending.set()

    def _is_current(self) -> bool:
        return self._withheld is None and self._context.is_current()

    async def _restore(self, transactions: Transactions, flusher: Flusher) -> None:
        context, stage = self._context, self.stage
        self._recovery = Recovery(context.settings, self._threads, self._plan, self.number, transactions, self._task)
        if self._withheld is PartitionState.ABANDONED:
            raise AbandonedError
        found = await self._recovery.run()
        cap = Cap(context.settings.dead_letter_cap, context.settings.dead_letter_window)
        watches = {
            topic: DeadLetterWatch(cap, f"partition {self.number} of {topic}", kept)
            for topic, kept in found.letters.items()
        }
        recovered = Recovered(flusher, dict(found.positions), watches)
        self._last_positions = recovered.positions
        flusher.start(found.positions, found.checkpoint, found.topic_ids, watches, found.flush)
        await self._begin_under_present_rules(recovered)
        self._recovered = recovered
        context.exposition.set(found.seconds, "recovery_seconds", stage, str(self.number))
        context.exposition.set(found.entries, "recovered_entries", stage, str(self.number))
        log.info(
            "%s recovered in %.2f s: %d entries, %d records replayed, continues at %s",
            self, found.seconds, found.entries, found.replayed, found.positions,
        )  # fmt: skip

    async def _begin_under_present_rules(self, recovered: Recovered) -> None:
        """A checkpoint, before the first record is folded by rules and settings that may be newer than the state's.

        Input that is replayed is folded by one set of rules, those in the state: the range since the last checkpoint
        must not hold records from before and from after a change.
        """
        await self._checkpoint(recovered)

    async def _apply_newer_rules(self) -> None:
        """Applies newer rules from the next record on, and writes a checkpoint at that position."""
        recovered = self._recovered
        if recovered is None or not self._task.is_outdated:
            return
        with self._memory_whole_or_dropped(), self._refusal_handled():
            await recovered.flusher.settle()
            await self._threads.work(self._task.renew)
            await recovered.flusher.flush(self._task, Effects(), recovered.positions, checkpoint=True)
            log.info("%s applies newer rules from %s on", self, recovered.positions)

    async def _fold(self, records: Sequence[InputRecord], begin: int, effects: Effects) -> Sequence[InputRecord]:
        """Works on records from index `begin` on until time is up; returns those that it worked on."""
        begun, end = time.perf_counter(), begin
        while end < len(records) and (end == begin or time.perf_counter() - begun < _LONGEST_WORK_S):
            # Slices, since the clock costs a microsecond a record and an event takes about twenty.
            slice_ = records[end : end + _RECORDS_BETWEEN_LOOKS]
            end += len(slice_)
            try:
                await self._threads.work(self._task.process, slice_, effects)
            except WeirError:
                raise
            except Exception as error:
                log.exception("%s failed", self)
                raise WorkError(
                    f"The code of {self} failed between offsets {slice_[0].offset} and {slice_[-1].offset}: {error!r}.",
                    "Nothing of this batch was written; this is a defect to report.",
                ) from error
        self._context.exposition.observe(time.perf_counter() - begun, "batch_seconds", self.stage)
        self._context.exposition.count("batch_records", self.stage, by=end - begin)
        return records[begin:end]

    def _watch_dead_letters(
        self, recovered: Recovered, topic: str, records: Sequence[InputRecord], effects: Effects
    ) -> None:
        watch = recovered.watches[topic]
        watch.take(records, effects.outputs)
        effects.set(watch.share, "dead_letter_share", self.stage, topic, str(self.number))

    async def _flush(self, recovered: Recovered, effects: Effects, *, always: bool = True) -> None:
        checkpoint = self._is_checkpoint_due(recovered.flusher)
        with self._refusal_handled():
            await recovered.flusher.flush(
                self._task, effects, recovered.positions, checkpoint=checkpoint, always=always
            )

    async def _checkpoint(self, recovered: Recovered) -> None:
        await recovered.flusher.flush(self._task, Effects(), recovered.positions, checkpoint=True)
        await recovered.flusher.settle()

    @contextmanager
    def _refusal_handled(self) -> Iterator[None]:
        """A transaction that the brokers refused deletes the memory, and the block ends there."""
        try:
            yield
        except BrokenTransactionError as error:
            self._flush_failed(error)

    @contextmanager
    def _memory_whole_or_dropped(self) -> Iterator[None]:
        """Work that fails or is cancelled half-way has changed memory, and its outputs are lost.

        No later step, a suspension above all, may write such a state: the next owner would take it for whole.
        """
        try:
            yield
        except BaseException:
            self._forget_memory()
            raise

    def _forget_memory(self) -> None:
        if self._recovered is not None:
            self._last_positions = dict(self._recovered.positions)
        self._recovered = None

    def _is_checkpoint_due(self, flusher: Flusher) -> bool:
        return flusher.checkpoint_age_s >= self._interval_s

    def _drop_fetched(self) -> None:
        for topic in self._inputs:
            self._seeks[topic] += 1

    def _flush_failed(self, error: Exception) -> None:
        """Deletes the memory, which differs from the state in Kafka since the flush failed."""
        was_recovered = self._recovered is not None
        self._forget_memory()
        self._repairs.refusal = error
        self._drop_fetched()
        if not was_recovered:
            # The recovery under way waits for this flush, gets the error, and knows who owns the partition.
            return
        # Only a refused transaction can be repeated; any other error is the worker's to handle.
        if not isinstance(error, BrokenTransactionError):
            self._context.fail(error)
        else:
            log.warning("A flush was refused, the partition recovers: %s", error)
            self._context.repair(self)
