"""How much is measured in a part: as a whole, or just enough to see that it still runs."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bench.events.spec import LogSpec
from bench.measure.growth import MEMORY_VISITORS, PATTERNS, VISITORS
from bench.parts import BenchPart

RATE = 5_000.0
"""Events a second for the latency: what its goal is about."""

LONGEST_S = 240.0
"""Of sending, for the latency: it is done twice."""


@dataclass(frozen=True)
class PlanOptions:
    """What was asked for beside the parts themselves."""

    events: int = 0
    runs: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class BenchPlan:
    """Sizes of a measure."""

    spec: LogSpec
    runs: int
    visitors: tuple[int, ...] = VISITORS
    visitors_events: int = 300_000
    memory_visitors: tuple[int, ...] = MEMORY_VISITORS
    patterns: tuple[int, ...] = PATTERNS
    rate: float = RATE
    seconds: float = 60.0
    recovery_sessions: int = 1_000_000


EVENTS_A_PLACE = 75
"""Of a log: fewer events have fewer visitors."""


def whole(part: BenchPart, asked: PlanOptions) -> BenchPlan:
    """What the report is made of."""
    return BenchPlan(_log(part.events or LogSpec().events), part.runs, seconds=min(asked.seconds or 60.0, LONGEST_S))


def small(_: BenchPart, asked: PlanOptions) -> BenchPlan:
    """Seconds' worth: its figures say nothing."""
    return BenchPlan(
        _log(asked.events or 20_000),
        asked.runs or 1,
        visitors=(1_000, 4_000),
        visitors_events=10_000,
        memory_visitors=(1_000, 4_000),
        patterns=(20, 200),
        rate=500.0,
        seconds=asked.seconds or 8.0,
        recovery_sessions=5_000,
    )


def _log(events: int) -> LogSpec:
    return msgspec.structs.replace(LogSpec(), events=events, visitors=max(events // EVENTS_A_PLACE, 100))
