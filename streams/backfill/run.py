"""Folds a range of the events topic in the order of time, and writes the results to separate topics."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from streams.backfill.choose import read
from streams.backfill.offset_ranges import BackfillRange
from streams.backfill.order import BackfillClock, LeftOut
from streams.backfill.spool import Spool
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
"""Stages of a backfill. It doesn't learn, as its labels and models would differ from the live installation's."""
WRITTEN = (SESSIONS, SCORES, FLAGS, LIMITS, REVIEWS, LATE, DEAD_LETTER)
CHUNK_RECORDS = 2_000

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class BackfillOutcome:
    """Counts of a backfill."""

    records: int
    left_out: LeftOut
    tally: MetricTally


class Backfill:
    """One backfill: reads and sorts the ranges, folds their records, and writes the results.

    Args:
        settings: Settings of the installation that is read.
        target: Settings of the installation that is written to.
        resources: Resources of the tasks; the champion of the installation that is read scores.
        now_s: Append time of the end of input.
        rate: Greatest number of records to fold a second.

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

    def run(self, ranges: Sequence[BackfillRange], advance: Advance) -> BackfillOutcome:
        """Reads, folds and writes; `advance` is called with numbers of records read, then of records folded.

        Raises:
            WorkError: Reading or writing failed. Transactions committed so far stay.
        """
        self._transactions.fence(self._settings.transaction_timeout_s)
        try:
            with ExitStack() as open_files:
                spools = [open_files.enter_context(Spool()) for _ in ranges]
                for offset_range, spool in zip(ranges, spools, strict=True):
                    self._spool(offset_range, spool, advance)
                records = self._fold(heapq.merge(*spools, key=lambda timed: timed[0]), advance)
        finally:
            self._transactions.close()
        return BackfillOutcome(records, self._left_out, self._flow.tally)

    def _spool(self, offset_range: BackfillRange, spool: Spool, advance: Advance) -> None:
        order = BackfillClock(self._resources.config, self._settings.partitions, self._left_out)
        for ts, record in order.timed(read(self._settings, offset_range)):
            spool.add(ts, record)
            self._end.observe(offset_range.partition, ts)
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
        # The results are computed before the transaction begins: closing all open sessions may take longer than
        # `transaction.timeout.ms`.
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
                f"The backfill's results can't be written: {error}.", "Start the backfill again, into new topics."
            ) from error

    def _write(self, topic: Topic, record: LogRecord) -> None:
        if topic in WRITTEN:
            self._outputs.append(Output(topic, record.key, record.value, record.headers))
