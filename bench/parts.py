"""The parts of the benchmark: each at most ten minutes, each to be taken alone, and about how long it takes.

How long a part takes is worked out from assumed speeds, which are on the low side of what machines with two processors
showed; a log that would take too long at those speeds is cut before it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bench.order import PART_S

PAIRS, RUNS = 5, 3
"""Runs of each contestant: against Kafka Streams, and otherwise."""
SLOW_SHARE = 10
"""Slow contestants get a log that is so many times shorter."""
SPEEDS = {"weir": 35_000, "weir-cascade": 12_000, "weir-pure": 30_000, "kafka-streams-patterns": 40_000}
SLOW = {"faust": 1_500, "pyflink": 3_000, "kafka-streams-patterns-anew": 5_000}
SPEED = 45_000
"""Events a second of whoever is not listed."""
RUN_S = 12.0
"""Start, topics, end, and the judging of what does not depend on the log's length."""
JUDGE_S, WRITE_S, FOLD_S = 8e-6, 25e-6, 60e-6
"""An event: to judge what came of it, to write it, and to fold it for reference."""
STEP = 10_000
JUDGED = ("throughput", "real")
"""Measures in which contestants run, and have their output judged."""


@dataclass(frozen=True)
class BenchPart:
    """Something that is measured in one go, and has a file of its own."""

    measure: str
    contestants: tuple[str, ...] = ()
    events: int = 0
    """Of the log; 0 where the measure has no such log."""
    runs: int = RUNS
    fixed_s: float = 0.0
    """About how long it takes, where that does not follow from contestants and events."""
    is_short: bool = False
    """Whether `make bench` takes it without being asked."""

    @property
    def kind(self) -> str:
        """What it is called, in files and on the page: of results of one kind, the newest counts."""
        return kind_of(self.measure, self.contestants)

    @property
    def takes_s(self) -> float:
        """About how long it takes."""
        if self.fixed_s:
            return self.fixed_s
        return self.events * (WRITE_S + FOLD_S) + self.runs * sum(map(self._run_s, self.contestants))

    def cut(self, most_s: float = PART_S) -> BenchPart:
        """With as many events as fit into the time, at the assumed speeds.

        Raises:
            ValueError: not even the shortest log would fit, for all the runs.
        """
        if self.fixed_s or self.takes_s <= most_s:
            return self
        flat_s = replace(self, events=0).takes_s
        each_s = (self.takes_s - flat_s) / self.events
        events = int((most_s - flat_s) / each_s) // STEP * STEP
        if events < STEP:
            raise ValueError(f"{self.kind}: {self.runs} runs of each take longer than {most_s:.0f} s; ask for fewer.")
        return replace(self, events=events)

    def asked(self, events: int, runs: int) -> BenchPart:
        """With another number of events or runs, 0 for neither; cut if need be.

        Raises:
            ValueError: so many runs take too long, however short the log.
        """
        wanted = min(events, self.events) if self.fixed_s else events
        return replace(self, events=wanted or self.events, runs=runs or self.runs).cut()

    def _run_s(self, name: str) -> float:
        if name in SLOW:
            return RUN_S + self.events / SLOW_SHARE * (1 / SLOW[name] + JUDGE_S)
        return RUN_S + self.events * (1 / SPEEDS.get(name, SPEED) + JUDGE_S)


PARTS = (
    BenchPart("throughput", ("weir-plain", "kafka-streams"), 1_000_000, PAIRS, is_short=True),
    BenchPart("throughput", ("weir", "kafka-streams-patterns"), 700_000, PAIRS, is_short=True),
    BenchPart("latency", fixed_s=200, is_short=True),
    BenchPart("memory", fixed_s=360, is_short=True),
    BenchPart("start", fixed_s=60, is_short=True),
    BenchPart("throughput", ("weir-plain", "quix"), 1_000_000),
    BenchPart("throughput", ("weir-plain", "faust"), 1_000_000),
    BenchPart("throughput", ("weir-plain", "flink"), 1_000_000),
    BenchPart("throughput", ("weir-plain", "bytewax"), 1_000_000),
    BenchPart("throughput", ("weir-plain", "pyflink"), 1_000_000),
    BenchPart("throughput", ("weir", "kafka-streams-patterns-anew"), 700_000),
    BenchPart("throughput", ("weir-cascade",), 400_000),
    BenchPart("throughput", ("weir-plain", "weir-pure"), 1_000_000),
    BenchPart("real", ("weir", "kafka-streams-patterns"), 700_000),
    BenchPart("visitors", fixed_s=400),
    BenchPart("patterns", events=500_000, fixed_s=300),
    BenchPart("scale", events=700_000, fixed_s=240),
    BenchPart("recovery", fixed_s=300),
    BenchPart("micro", fixed_s=60),
    BenchPart("profile", events=400_000, fixed_s=180),
)
MEASURES = tuple(dict.fromkeys(part.measure for part in PARTS))


def kind_of(measure: str, contestants: Sequence[str]) -> str:
    """Measure and contestants as one word."""
    return f"{measure}-{'+'.join(contestants)}" if contestants else measure


def chosen(only: Collection[str], contestants: Sequence[str], *, everything: bool) -> list[BenchPart]:
    """The parts that were asked for: by measure, by contestants, all of them, or the short list."""
    if contestants:
        known = {(part.measure, part.contestants): part for part in PARTS}
        asked = [measure for measure in JUDGED if measure in only] or ["throughput"]
        whole = max(part.events for part in PARTS if part.contestants)
        made = [
            known.get((measure, tuple(contestants))) or BenchPart(measure, tuple(contestants), whole).cut()
            for measure in asked
        ]
        return made + [part for part in PARTS if part.measure in only and part.measure not in JUDGED]
    if only:
        return [part for part in PARTS if part.measure in only]
    return [part for part in PARTS if everything or part.is_short]
