"""Folds a stretch of the events topic again, in the order of time, and writes what comes out to topics of its own."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from streams.backfill.choose import read
from streams.backfill.order import BackfillClock, LeftOut
from streams.backfill.spool import Spool
from streams.backfill.stretch import BackfillRange
from streams.engine.transaction import BrokenTransactionError, Transactions
from streams.produce.pace import Pace
from streams.replay.flow import Flow, MetricTally
from streams.replay.installation import DriverResources
from streams.replay.log import MemoryLog
from streams.sessionize.end_of_input import EndOfInput
from weir.errors import WorkError
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, FLAGS, LATE, LIMITS, REVIEWS, SCORES, SESSIONS, Topic

STAGES = ("sessionize", "score")
"""Learning goes on where it is: a backfill's labels and models would be a second history."""
WRITTEN = (SESSIONS, SCORES, FLAGS, LIMITS, REVIEWS, LATE, DEAD_LETTER)
CHUNK_RECORDS = 2_000

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class BackfillOutcome:
    """What a backfill did."""

    records: int
    left_out: LeftOut
    tally: MetricTally


class Backfill:
    """One backfill: `spool` reads the stretches and sorts them, `fold` folds them and writes the results.

    Args:
        settings: of the installation that is read.
        target: of the one that is written to.
        resources: what the tasks share; the champion of the installation that is read scores.
        now_s: stands for the append time of the end of input.
        rate: records a second to fold at most, and with them what they lead to.

    """

    def __init__(
        self, settings: Settings, target: Settings, resources: DriverResources, now_s: float, rate: float | None = None
    ) -> None:
        self._settings = settings
        self._pace = Pace(rate)
        self._resources = resources
        self._transactions = Transactions(target, "backfill", 0)
        self._outputs: list[Output] = []
        self._end = EndOfInput(settings.gap_s, settings.grace_s)
        self._left_out = LeftOut()
        wiring = resources.wiring(STAGES)
        read_topics = {topic for topics in wiring.inputs.values() for topic in topics}
        self._log = MemoryLog(settings.names, settings.partitions, round(now_s * 1000), read_topics)
        self._flow = Flow(self._log, wiring, self._write)

    def run(self, stretches: Sequence[BackfillRange], advance: Advance) -> BackfillOutcome:
        """Does it all; `advance` is told of records read and of records folded.

        Raises:
            WorkError: reading or writing failed; what is written so far stays, in whole transactions.
        """
        self._transactions.fence(self._settings.transaction_timeout_s)
        try:
            with ExitStack() as open_files:
                spools = [open_files.enter_context(Spool()) for _ in stretches]
                for stretch, spool in zip(stretches, spools, strict=True):
                    self._spool(stretch, spool, advance)
                records = self._fold(heapq.merge(*spools, key=lambda timed: timed[0]), advance)
        finally:
            self._transactions.close()
        return BackfillOutcome(records, self._left_out, self._flow.tally)

    def _spool(self, stretch: BackfillRange, spool: Spool, advance: Advance) -> None:
        order = BackfillClock(self._resources.config, self._settings.partitions, self._left_out)
        for ts, record in order.timed(read(self._settings, stretch)):
            spool.add(ts, record)
            self._end.saw(stretch.partition, ts)
            advance(1)

    def _fold(self, timed: Iterator[tuple[float, LogRecord]], advance: Advance) -> int:
        count, most = 0, self._pace.chunk(CHUNK_RECORDS)
        while chunk := list(itertools.islice(timed, most)):
            self._pace.wait(len(chunk))
            for _, record in chunk:
                self._log.put(EVENTS, record)
            self._commit()
            count += len(chunk)
            advance(len(chunk))
        for output in self._end.records():
            self._log.append(output)
            self._commit()
        return count

    def _commit(self) -> None:
        # Worked out first: closing all that is open may take longer than a transaction may stay so.
        self._flow.settle()
        self._flow.forget_changes()
        outputs, self._outputs = self._outputs, []
        try:
            self._transactions.begin()
            for output in outputs:
                self._transactions.send(output)
            self._transactions.commit()
        except BrokenTransactionError as error:
            raise WorkError(
                f"The results can't be written: {error}.", "Start the backfill again, into new topics."
            ) from error

    def _write(self, topic: Topic, record: LogRecord) -> None:
        if topic in WRITTEN:
            self._outputs.append(Output(topic, record.key, record.value, record.headers))
