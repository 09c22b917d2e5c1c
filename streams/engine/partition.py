"""The life of one stage's partition: recover, work batch by batch, flush, checkpoint, hand over.

    new ── recover ──► ready ── suspend ──► suspended ── resume ──► ready
                        │  ▲                    │
     flush refused ─────┘  └─ recover_again     └── close
       or in doubt

Batches are taken while ready, and dropped otherwise: whoever is next to own the partition reads them again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from streams.engine.cap import Cap, LetterWatch
from streams.engine.exposition import Exposition
from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.flush import Flusher
from streams.engine.plan import StagePlan, Threads
from streams.engine.recovery import AbandonedError, Recovery
from streams.engine.transaction import DOUBT_S, BrokenTransactionError, NotCurrentError, Transactions
from streams.task import Effects, Task
from weir.errors import WeirError, WorkError
from weir.kafka.records import InputRecord
from weir.metric_names import GaugeName
from weir.settings import Settings

_FEWEST_REPAIRS = 5
_LONGEST_PAUSE_S = 5.0
_LONGEST_DOUBT_S = 16.0
_LOOK_AGAIN_S = 0.05
_LONGEST_WORK_S = 0.25
_RECORDS_BETWEEN_LOOKS = 1_000
"""A transaction holds what was fetched at once: few records when caught up, many when behind, since each costs the
brokers the same. Only where the work on them takes so long that readers would wait is what is done written first; the
clock is looked at after so many records."""
_LONGEST_FENCE_S = 10.0
"""Twice what one request takes at most."""
_PARTITION_GAUGES: tuple[GaugeName, ...] = (
    *("sessions_open", "watermark_timestamp_seconds", "recovery_seconds", "recovered_entries"),
    *("dead_letter_share", "labels_waiting"),
)

log = logging.getLogger("weir.partition")


@dataclass(frozen=True, slots=True)
class PartitionContext:
    """What all partitions of a worker share."""

    settings: Settings
    threads: Threads
    exposition: Exposition
    fail: Callable[[Exception], None]
    """Ends the process, with a word."""
    repair: Callable[[StagePartition], None]
    """Has a partition whose flush was refused recovered, and its fetching set back."""
    is_current: Callable[[], bool] = lambda: True
    """Whether what the group gave this worker last still holds; asked from any thread."""


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
        self._transactions: Transactions | None = None
        self._flusher: Flusher | None = None
        self._lock = asyncio.Lock()
        self._next: dict[str, int] = {}
        self._watches: dict[str, LetterWatch] = {}
        self._seeks = dict.fromkeys(self._inputs, 0)
        self._repairs = 0
        self._repair_waits = False
        self._repairs_since_s = 0.0
        self._repaired_at: dict[str, int] = {}
        self._refusal: Exception | None = None
        self._recovery: Recovery | None = None
        self._recovered = False
        self._suspended = False
        self._abandoned = False
        self._doubt_s = DOUBT_S
        self._fences_nobody = asyncio.Event()
        self._fences_nobody.set()

    def __str__(self) -> str:
        return f"partition {self.number} of {self.stage}"

    @property
    def is_recovered(self) -> bool:
        """Whether its state stands; it may be suspended still."""
        return self._recovered

    @property
    def is_ready(self) -> bool:
        """Whether it takes batches."""
        return self._recovered and not self._suspended

    @property
    def positions(self) -> Mapping[str, int]:
        """By full topic name: up to where the input is folded in memory."""
        return self._next

    @property
    def durable(self) -> Mapping[str, int]:
        """By full topic name: up to where everything is committed."""
        return self._flusher.durable if self._flusher else {}

    def places(self) -> dict[tuple[str, int], FetchPosition]:
        """Where fetching must go on; batches fetched before this call are dropped from now on."""
        for topic in self._inputs:
            self._seeks[topic] += 1
        return {(topic, self.number): FetchPosition(self._next[topic], self._seeks[topic]) for topic in self._inputs}

    async def recover(self) -> None:
        """Fences the last owner and brings the state back.

        Raises:
            WeirError: as `Recovery.run` says.
            BrokenTransactionError: a transaction of the recovery was refused; `recover_again` may help.
            AbandonedError: the partition was let go meanwhile.
        """
        async with self._lock:
            await self._restore(*await self._take_over())

    async def recover_again(self) -> None:
        """Drops the memory and recovers with a new producer, as after a crash: it ends what is open of the last one.

        Raises:
            WeirError: as `Recovery.run` says, or flushes were refused too often in a row.
            BrokenTransactionError: refused once more.
            AbandonedError: the partition was let go meanwhile, or is suspended: `resume` asks for the repair again.
        """
        async with self._lock:
            if self._transactions is None:
                raise WorkError(f"{self} was never recovered.")
            self._count_repair()
            await asyncio.sleep(min(0.1 * 2**self._repairs, _LONGEST_PAUSE_S))
            if self._suspended:
                # Whoever is next may have it by now: to fence them would cost them their process.
                self._repair_waits = True
                raise AbandonedError
            in_doubt = self._transactions.is_in_doubt
            self._context.exposition.count("transactions", self.stage, "in_doubt" if in_doubt else "aborted")
            if in_doubt:
                # These brokers may be slow by nature; a doubt that never ends would be an outage.
                self._doubt_s = min(2 * self._doubt_s, _LONGEST_DOUBT_S)
            await self._threads.kafka(self._transactions.close)
            self._task = self._plan.make(self.number)
            await self._restore(*await self._take_over())

    async def take(self, batch: Fetched) -> None:
        """Works on a batch, unless it is not ours to work on.

        Raises:
            WeirError: the batch leaves a gap, the stage's own code failed, too much of its input becomes dead letters,
                or another owner has taken over.
        """
        async with self._lock:
            if self._flusher is None or not self.is_ready or batch.seek != self._seeks[batch.topic]:
                return
            position = self._next[batch.topic]
            if batch.start > position:
                raise WorkError(
                    f"Input of {self} is missing: {batch.topic} was read up to {position}, and the next batch "
                    f"starts at {batch.start}.",
                    "Start the worker again: it goes on where its state stands.",
                )
            await self._renew(self._flusher)
            if not self._recovered:
                return
            records = batch.unread(position)
            if not records:
                self._next[batch.topic] = max(position, batch.end)
            with self._whole_or_dropped():
                done = 0
                while done < len(records) and self.is_ready:
                    effects = Effects()
                    taken = await self._fold(records, done, effects)
                    self._watch_letters(batch.topic, taken, effects)
                    done += len(taken)
                    end = records[done].offset if done < len(records) else batch.end
                    self._next[batch.topic] = max(position, end)
                    await self._flush(self._flusher, effects)

    async def tick(self, now_s: float, ends: Mapping[str, int] | None) -> None:
        """Lets time pass: the task's own work when all input is read, and what is due to be written.

        Args:
            now_s: the time.
            ends: by full topic name, where each input's log ends, if that is also where fetching stands and nothing
                is open there; None if there is more to read.

        Raises:
            WeirError: the stage's own code failed, or another owner has taken over.
        """
        async with self._lock:
            if self._flusher is None or not self.is_ready or not self._flusher.is_idle:
                return
            await self._renew(self._flusher)
            if not self._recovered:
                return
            effects = Effects()
            with self._whole_or_dropped():
                if ends == self._next:
                    await self._threads.work(self._task.tick, now_s, effects)
                moved = self._next != self._flusher.durable or (
                    self._is_checkpoint_due(self._flusher) and self._next != self._flusher.checkpoint
                )
                await self._flush(self._flusher, effects, always=moved)

    async def suspend(self) -> None:
        """Takes no more batches; finishes the one in hand and checkpoints, so that the next owner folds little again.

        A request to fence that is under way is waited for, within bounds: one that arrives when the partition is
        another's already costs that one its work.

        Raises:
            WeirError: another owner has taken over already.
        """
        self._suspended = True
        if not self._recovered:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._fences_nobody.wait(), _LONGEST_FENCE_S)
            return
        async with self._lock:
            if self._flusher is None or not self._recovered:
                return
            try:
                await self._flusher.settle()
                if self._next != self._flusher.checkpoint:
                    await self._flusher.flush(self._task, Effects(), self._next, checkpoint=True)
                    await self._flusher.settle()
            except BrokenTransactionError as error:
                self._flush_failed(error)

    async def resume(self) -> None:
        """Takes batches again, after a rebalance that left it here.

        A worker that slept through one finds the partition here too, though others may have had it since. A checkpoint
        tells: it would be found out by its next flush at the latest, but where nothing comes in there is none.

        Raises:
            WeirError: another owner has taken over meanwhile.
        """
        # Before anything is waited for: the next rebalance may begin meanwhile, and suspends.
        self._suspended = False
        if self._repair_waits:
            self._repair_waits = False
            self._context.repair(self)
        if self._recovered:
            async with self._lock:
                if self._flusher is not None and self.is_ready:
                    await self._checkpoint(self._flusher)

    async def _checkpoint(self, flusher: Flusher) -> None:
        try:
            await flusher.flush(self._task, Effects(), self._next, checkpoint=True)
            await flusher.settle()
        except BrokenTransactionError as error:
            self._flush_failed(error)

    def abandon(self) -> None:
        """Takes no more batches, for good; ends a recovery that is under way soon, and lets none begin."""
        self._suspended = self._abandoned = True
        if self._recovery is not None:
            self._recovery.abandon()

    async def close(self) -> None:
        """Lets go, without a flush: `suspend` comes before where one is wanted."""
        self._suspended, self._recovered = True, False
        async with self._lock:
            if self._transactions is not None:
                await self._threads.kafka(self._transactions.close)
        self._context.exposition.forget(self.number, *_PARTITION_GAUGES)

    async def _take_over(self) -> tuple[Transactions, Flusher]:
        context = self._context
        transactions = await self._threads.kafka(Transactions, context.settings, self.stage, self.number, self._doubt_s)
        flusher = Flusher(self.stage, transactions, self._threads, context.exposition, self._flush_failed)
        self._transactions, self._flusher = transactions, flusher
        # Only a current owner fences. During a rebalance the partition may be another's by now, whose work it would
        # cost; whether it is stays open until the group has spoken.
        while True:
            if self._abandoned:
                raise AbandonedError
            self._fences_nobody.clear()
            try:
                await self._threads.kafka(transactions.fence, context.settings.recovery_timeout_s, self._is_current)
            except NotCurrentError:
                self._fences_nobody.set()
                await asyncio.sleep(_LOOK_AGAIN_S)
            else:
                return transactions, flusher
            finally:
                self._fences_nobody.set()

    def _is_current(self) -> bool:
        return not self._suspended and not self._abandoned and self._context.is_current()

    async def _restore(self, transactions: Transactions, flusher: Flusher) -> None:
        context, stage = self._context, self.stage
        self._recovery = Recovery(context.settings, self._threads, self._plan, self.number, transactions, self._task)
        if self._abandoned:
            raise AbandonedError
        found = await self._recovery.run()
        self._next = dict(found.positions)
        cap = Cap(context.settings.dead_letter_cap, context.settings.dead_letter_window)
        self._watches = {
            topic: LetterWatch(cap, f"partition {self.number} of {topic}", kept)
            for topic, kept in found.letters.items()
        }
        flusher.start(found.positions, found.checkpoint, found.topic_ids, self._watches, found.flush)
        await self._begin_under_present_rules(flusher)
        self._recovered = True
        context.exposition.set(found.seconds, "recovery_seconds", stage, str(self.number))
        context.exposition.set(found.entries, "recovered_entries", stage, str(self.number))
        log.info(
            "%s recovered in %.2f s: %d entries, %d records folded again, goes on at %s",
            self, found.seconds, found.entries, found.replayed, found.positions,
        )  # fmt: skip

    async def _begin_under_present_rules(self, flusher: Flusher) -> None:
        """A checkpoint, before the first record is folded by rules and settings that may be newer than the state's.

        A stretch that is folded again is folded by one set of rules, those in the state: it must not hold records
        from before and from after a change.
        """
        await flusher.flush(self._task, Effects(), self._next, checkpoint=True)
        await flusher.settle()

    async def _renew(self, flusher: Flusher) -> None:
        """Newer rules, if there are any, hold from the next record on; a checkpoint says from which."""
        if not self._task.is_outdated:
            return
        with self._whole_or_dropped():
            try:
                await flusher.settle()
                await self._threads.work(self._task.renew)
                await flusher.flush(self._task, Effects(), self._next, checkpoint=True)
            except BrokenTransactionError as error:
                self._flush_failed(error)
                return
        log.info("%s works by other rules from %s on", self, self._next)

    async def _fold(self, records: Sequence[InputRecord], begin: int, effects: Effects) -> Sequence[InputRecord]:
        """Works on records from index `begin` on until time is up; returns those that it worked on."""
        begun, end = time.perf_counter(), begin
        while end < len(records) and (end == begin or time.perf_counter() - begun < _LONGEST_WORK_S):
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

    def _watch_letters(self, topic: str, records: Sequence[InputRecord], effects: Effects) -> None:
        watch = self._watches[topic]
        watch.take(records, effects.outputs)
        effects.set(watch.share, "dead_letter_share", self.stage, topic, str(self.number))

    async def _flush(self, flusher: Flusher, effects: Effects, *, always: bool = True) -> None:
        checkpoint = self._is_checkpoint_due(flusher)
        try:
            await flusher.flush(self._task, effects, self._next, checkpoint=checkpoint, always=always)
        except BrokenTransactionError as error:
            self._flush_failed(error)

    @contextmanager
    def _whole_or_dropped(self) -> Iterator[None]:
        """Work that fails or is cancelled half-way has changed memory, and its outputs are lost.

        Nobody who comes next, a suspension above all, may write such a state: the next owner would take it for whole.
        """
        try:
            yield
        except BaseException:
            self._recovered = False
            raise

    def _is_checkpoint_due(self, flusher: Flusher) -> bool:
        return flusher.checkpoint_age_s >= self._interval_s

    def _flush_failed(self, error: Exception) -> None:
        """What is in memory is no longer what is in Kafka: the memory has to go."""
        was_recovered, self._recovered = self._recovered, False
        self._refusal = error
        for topic in self._inputs:
            self._seeks[topic] += 1
        if not was_recovered:
            # Whoever recovers it waits for this flush, hears of the error, and knows whether it is still ours.
            return
        if not isinstance(error, BrokenTransactionError):
            self._context.fail(error)
        else:
            log.warning("A flush was refused, the partition recovers: %s", error)
            self._context.repair(self)

    def _count_repair(self) -> None:
        if dict(self.durable) != self._repaired_at:
            self._repairs, self._repairs_since_s = 0, time.monotonic()
            self._repaired_at = dict(self.durable)
        self._repairs += 1
        waited_s = time.monotonic() - self._repairs_since_s
        if self._repairs > _FEWEST_REPAIRS and waited_s > self._context.settings.stall_timeout_s:
            raise WorkError(
                f"Kafka has refused what {self} writes for {waited_s:.0f} s: {self._refusal}.",
                "Nothing is lost, and work goes on there after a restart.",
            )
