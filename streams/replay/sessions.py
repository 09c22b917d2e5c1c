"""Folds lines of files into sessions without verdicts, on which rules can be tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from streams.intake.line import Line
from streams.intake.order import arrival_ms, when
from streams.replay.flow import Flow
from streams.replay.installation import DriverResources
from streams.replay.log import MemoryLog
from streams.sessionize.end_of_input import EndOfInput
from streams.sessionize.heuristics import PatternMatcher
from streams.sessionize.task import SessionizeTask
from streams.wiring import Wiring
from weir.contracts import Session
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord, Output
from weir.topics import EVENTS, SESSIONS, Topic

_CHUNK_LINES = 1_000
_decode = decoder(Session)


class Sessions:
    """Takes lines of a log, and calls a function with each closed session.

    Args:
        resources: Bounds, budgets and times.
        patterns: Matcher of the events, instead of the packs in force.
        take: Called with each closed session, except sessions that were merged into another session.
    """

    def __init__(self, resources: DriverResources, patterns: PatternMatcher, take: Callable[[Session], None]) -> None:
        settings = resources.settings
        self._take = take
        self._lines = 0
        self._end = EndOfInput(settings.gap_s, settings.grace_s)
        self._started_s = time.time()
        self._log = MemoryLog(settings.names, settings.partitions, round(self._started_s * 1000), (EVENTS,))

        def library(_versions: Mapping[str, str]) -> PatternMatcher:
            return patterns

        self._flow = Flow(
            self._log,
            Wiring(
                {"sessionize": (EVENTS,)},
                settings.partitions,
                lambda _, partition: SessionizeTask(partition, settings.partitions, resources.config, library),
            ),
            self._take_record,
        )

    def read(self, line: Line) -> None:
        """Takes one line."""
        record = self._log.append(Output(EVENTS, line.key, line.value), arrival_ms(line, self._started_s))
        self._end.observe(record.partition, when(line))
        self._lines += 1
        if self._lines % _CHUNK_LINES == 0:
            self._settle()

    @property
    def late(self) -> int:
        """Number of late events so far."""
        return self._flow.tally.by_label("events")["late"]

    def finish(self) -> None:
        """Ends the input, which closes all open sessions."""
        self._settle()
        for output in self._end.records():
            self._log.append(output)
        self._settle()

    def _settle(self) -> None:
        self._flow.settle()
        self._flow.forget_changes()

    def _take_record(self, topic: Topic, record: LogRecord) -> None:
        # Most records are revisions of open sessions, and searching is cheaper than decoding. Quotes within texts are
        # escaped, so the search finds only the field.
        if topic is SESSIONS and record.value is not None and b'"final":true' in record.value:
            session = _decode(record.value)
            if session.final and session.merged_into is None:
                self._take(session)
