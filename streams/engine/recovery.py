"""Restores a partition's state: fence, write a marker, read up to the marker, replay the rest.

The order matters. Fencing ends the transaction that the last owner left open; hanging transactions on the state topic
are ended after it (`hanging.py`). The new owner then commits a marker, which is the end to read to, so that no end
offset from a broker has to be trusted. The state names incomplete flushes, whose outputs are undone.
Input between the checkpoint and the last flush is replayed, and its outputs are dropped: they are published already.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from streams.engine import progress as progress_records
from streams.engine.hanging import free_state, undo_incomplete_flushes
from streams.engine.plan import StagePlan, Threads
from streams.engine.progress import MARKER_KEY, PROGRESS_KEY, InputPosition, Progress
from streams.engine.stamp import Stamps
from streams.engine.transaction import BrokenTransactionError, Transactions
from streams.engine.uncommitted import newest_flushes
from streams.task import Effects, Task
from weir.errors import ClusterError, LostInputError, WeirError, WorkError
from weir.kafka.observer import Observer
from weir.kafka.partition_reader import PartitionReader
from weir.settings import Settings
from weir.topics import PUBLIC

_READ_S = 0.02
_ENTRIES = 1_000
"""State entries in one read: more of them are slower, since they leave the processor's caches."""

log = logging.getLogger("weir.recovery")


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What recovery found."""

    positions: dict[str, int]
    """By full topic name: position of the next record to work on."""
    checkpoint: dict[str, int]
    """Likewise: position up to which the state that was read contains the input."""
    letters: dict[str, str]
    """Likewise: what a `DeadLetterWatch` kept there."""
    topic_ids: Mapping[str, str]
    flush: int
    """Number of the last flush."""
    entries: int
    """State entries read."""
    replayed: int
    """Input records replayed."""
    seconds: float


class AbandonedError(Exception):
    """The partition is no longer ours to recover."""


class Recovery:
    """One recovery of one partition, into an empty task. The caller has fenced, and nothing else touches the task."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what a recovery needs is this much
        self,
        settings: Settings,
        threads: Threads,
        plan: StagePlan,
        partition: int,
        transactions: Transactions,
        task: Task,
    ) -> None:
        self._settings = settings
        self._threads = threads
        self._partition = partition
        self._transactions = transactions
        self._task = task
        self._stage = plan.name
        self._inputs = [settings.names.public(topic) for topic in plan.inputs]
        self._deadline = time.monotonic() + settings.recovery_timeout_s
        self._abandoned = False

    def abandon(self) -> None:
        """Ends it soon, with AbandonedError."""
        self._abandoned = True

    async def run(self) -> RecoveryResult:
        """Runs the recovery, from the marker to a task in the state of its last flush.

        Raises:
            FencedError: a newer owner was quicker.
            LostInputError: input that the state needs is gone.
            WorkError: no end in time, the replay gave another state, or a transaction of another producer is open.
            ClusterError: the brokers did not answer where the input begins and ends.
            BrokenTransactionError: the marker could not be committed, or the brokers are not back yet.
            AbandonedError: `abandon` was called.
        """
        begun = time.monotonic()
        kafka, work = self._threads.kafka, self._threads.work
        mark = uuid.uuid4().hex.encode()
        observer = await kafka(Observer, self._settings)
        await kafka(self._free_state, observer)
        await kafka(self._mark, mark)
        entries, recorded = await kafka(self._read_state, mark)
        flush = recorded.flush if recorded else 0
        await kafka(self._undo_incomplete_flushes, observer, flush)
        ids = await kafka(observer.topic_ids, self._inputs)
        progress = await kafka(self._check_inputs, recorded, ids)
        count = len(entries)
        await work(self._load, entries)
        replayed = await self._replay_from_checkpoint(progress) if progress.has_tail else 0
        await work(self._check_fold, progress if recorded else None)
        positions = {topic: position.next for topic, position in progress.inputs.items()}
        checkpoint = {topic: position.checkpoint for topic, position in progress.inputs.items()}
        letters = {topic: position.letters for topic, position in progress.inputs.items()}
        return RecoveryResult(positions, checkpoint, letters, ids, flush, count, replayed, time.monotonic() - begun)

    def _free_state(self, observer: Observer) -> None:
        with _brokers_may_be_coming_back():
            free_state(observer, (self._settings.names.state(self._stage), self._partition), self._transactions.undo)

    def _undo_incomplete_flushes(self, observer: Observer, real: int) -> None:
        with _brokers_may_be_coming_back():
            outputs = [self._settings.names.public(topic) for topic in PUBLIC]
            newest = newest_flushes(self._settings, observer, outputs, Stamps(self._stage, self._partition))
        undo_incomplete_flushes(newest, real, self._transactions.undo)

    def _mark(self, mark: bytes) -> None:
        self._transactions.begin()
        self._transactions.write([(MARKER_KEY, mark)])
        self._transactions.commit()

    def _read_state(self, mark: bytes) -> tuple[dict[bytes, bytes], Progress | None]:
        entries: dict[bytes, bytes] = {}
        recorded: Progress | None = None
        topic = self._settings.names.state(self._stage)
        with PartitionReader(self._settings, topic, self._partition) as reader:
            while True:
                for key, value in reader.entries(_ENTRIES, _READ_S):
                    if key == MARKER_KEY:
                        if value == mark:
                            return entries, recorded
                    elif key == PROGRESS_KEY:
                        recorded = progress_records.decode(value or b"")
                    elif value is None:
                        entries.pop(key, None)
                    else:
                        entries[key] = value
                self._in_time("reading its state")

    def _load(self, entries: dict[bytes, bytes]) -> None:
        try:
            for key in list(entries):
                self._task.load(key, entries.pop(key))
            self._task.loaded()
        except WeirError:
            raise
        except Exception as error:
            log.exception("loading")
            raise WorkError(
                f"The state of partition {self._partition} of {self._stage} can't be read: {error!r}.",
                "Did another version write it? Run that one, or start under another application id.",
            ) from error

    def _check_inputs(self, recorded: Progress | None, ids: Mapping[str, str]) -> Progress:
        """The recorded progress, if its input is still all there; the beginning of the log, if there is none."""
        positions_by_topic: dict[str, InputPosition] = {}
        for topic in self._inputs:
            with PartitionReader(self._settings, topic, self._partition) as reader:
                low, high = reader.bounds()
            position = recorded.inputs.get(topic) if recorded else None
            positions_by_topic[topic] = position or InputPosition(ids[topic], low, low)
            if position is not None:
                check_position(topic, self._partition, position, ids[topic], low, high)
        return Progress(positions_by_topic, recorded.task if recorded else b"")

    async def _replay_from_checkpoint(self, progress: Progress) -> int:
        (topic, position), *others = progress.inputs.items()
        if others:
            raise WorkError(f"The stage {self._stage} has several inputs and can't fold them again in their order.")
        count = 0
        with PartitionReader(self._settings, topic, self._partition, position.checkpoint) as reader:
            while True:
                chunk = await self._threads.kafka(reader.read, self._settings.max_batch_records, _READ_S)
                below = [record for record in chunk.records if record.offset < position.next]
                if below:
                    await self._threads.work(self._task.process, below, Effects())
                    count += len(below)
                if len(below) < len(chunk.records) or (chunk.end is not None and chunk.end >= position.next):
                    return count
                self._in_time("folding its input again")

    def _check_fold(self, progress: Progress | None) -> None:
        if progress is not None and self._task.progress() != progress.task:
            raise WorkError(
                f"Folding partition {self._partition} of {self._stage} again gave another result than its last flush "
                f"recorded: {self._task.progress()!r} instead of {progress.task!r}.",
                "Was another version or another setting used in between? Stop the worker cleanly before such a change.",
            )
        self._task.recovered()

    def _in_time(self, doing: str) -> None:
        if self._abandoned:
            raise AbandonedError
        if time.monotonic() > self._deadline:
            raise WorkError(
                f"Recovery of partition {self._partition} of {self._stage} was still {doing} after "
                f"{self._settings.recovery_timeout_s:g} s.",
                "Check the brokers, or give it more time with recovery_timeout_s.",
            )


@contextmanager
def _brokers_may_be_coming_back() -> Iterator[None]:
    """They are waited for, as with every other step."""
    try:
        yield
    except ClusterError as error:
        raise BrokenTransactionError(str(error)) from error


def check_position(topic: str, partition: int, position: InputPosition, topic_id: str, low: int, high: int) -> None:  # noqa: PLR0913, PLR0917
    """Checks that the input that a state was made of still exists.

    Raises:
        LostInputError: the topic was made again, its log starts above what is needed, or ends below what was read.
    """
    where = f"partition {partition} of {topic}"
    advice = "Restore the topic, or start under another application id to begin with what is there."
    if position.topic_id != topic_id:
        raise LostInputError(
            f"{topic} is another topic than the one read before: it was deleted and made again.", advice
        )
    needed = min(position.checkpoint, position.next)
    if low > needed:
        raise LostInputError(
            f"The log of {where} starts at {low}, above {needed}, where work would go on: "
            "retention has deleted records that were not yet read.",
            advice,
        )
    if high < position.next:
        raise LostInputError(
            f"The log of {where} ends at {high}, below {position.next}, up to which it was read.", advice
        )
