"""How much is measured: as a whole, or just enough to see that it still runs."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bench.events.spec import LogSpec
from bench.measure.growth import MEMORY_VISITORS, PATTERNS, VISITORS


@dataclass(frozen=True)
class Plan:
    """Sizes of all measures."""

    spec: LogSpec
    runs: int = 3
    visitors: tuple[int, ...] = VISITORS
    visitors_events: int = 500_000
    memory_visitors: tuple[int, ...] = MEMORY_VISITORS
    patterns: tuple[int, ...] = PATTERNS
    rate: float = 10_000.0
    seconds: float = 60.0
    recovery_sessions: int = 1_000_000


EVENTS_A_PLACE = 75
"""Of a log: fewer events have fewer visitors."""


def whole(events: int | None, runs: int | None, seconds: float | None) -> Plan:
    """What the report is made of."""
    return Plan(_log(events or LogSpec().events), runs=runs or 3, seconds=seconds or 60.0)


def small(events: int | None, runs: int | None, seconds: float | None) -> Plan:
    """A minute's worth: its figures say nothing."""
    return Plan(
        _log(events or 20_000),
        runs=runs or 1,
        visitors=(1_000, 4_000),
        visitors_events=10_000,
        memory_visitors=(1_000, 4_000),
        patterns=(20, 200),
        rate=500.0,
        seconds=seconds or 8.0,
        recovery_sessions=5_000,
    )


def _log(events: int) -> LogSpec:
    return msgspec.structs.replace(LogSpec(), events=events, visitors=max(events // EVENTS_A_PLACE, 100))
