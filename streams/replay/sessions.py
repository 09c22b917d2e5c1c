"""Files folded into sessions alone, without any verdict: for those who ask what rules make of them."""

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
    """Takes lines of a log, and gives each session when it closes.

    Args:
        resources: Bounds, budgets and times.
        patterns: What looks at the events, in the place of the packs in force.
        take: Called with each closed session that no other one took over.
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
            self._written,
        )

    def read(self, line: Line) -> None:
        """One line."""
        record = self._log.append(Output(EVENTS, line.key, line.value), arrival_ms(line, self._started_s))
        self._end.saw(record.partition, when(line))
        self._lines += 1
        if self._lines % _CHUNK_LINES == 0:
            self._settle()

    @property
    def late(self) -> int:
        """Events that came late, so far."""
        return self._flow.tally.by_label("events")["late"]

    def finish(self) -> None:
        """The input has ended: closes what is open."""
        self._settle()
        for output in self._end.records():
            self._log.append(output)
        self._settle()

    def _settle(self) -> None:
        self._flow.settle()
        self._flow.forget_changes()

    def _written(self, topic: Topic, record: LogRecord) -> None:
        # A search is cheaper than decoding, and most records are revisions of open sessions. Quotes within texts are
        # escaped, so the search finds only the field.
        if topic is SESSIONS and record.value is not None and b'"final":true' in record.value:
            session = _decode(record.value)
            if session.final and session.merged_into is None:
                self._take(session)
