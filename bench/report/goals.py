"""What was to be reached, and whether it was; a goal without a measure is said to be so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.plan import RATE
from bench.report.figures import (
    Figure,
    MeasuredFigures,
    NoFigureError,
    broker_cpu_s,
    of_part,
    pairs,
    per_cpu_s,
    per_wall_s,
    rates,
    ratios,
)
from bench.result import BenchResult

TIMES = "\N{MULTIPLICATION SIGN}"
Ask = Callable[[Sequence[BenchResult]], MeasuredFigures]
"""Raises `NoFigureError`."""


@dataclass(frozen=True)
class Goal:
    """One row of the table."""

    what: str
    least: float | None
    """What has to be reached; none: the figure is only shown."""
    ask: Ask
    hoped: float | None = None
    unit: str = ""
    at_most: bool = False
    digits: int = 0

    def reached(self, value: float) -> bool:
        """Whether the value is good enough."""
        return self._is_as_good(value, self.least)

    def verdict(self, value: float) -> str:
        """In a word or two."""
        if self.least is None:
            return "shown"
        if not self.reached(value):
            return "**missed**"
        return "reached, as hoped" if self.hoped is not None and self._is_as_good(value, self.hoped) else "reached"

    def shown(self, value: float | None) -> str:
        """A figure with its unit."""
        if value is None:
            return ""
        text = f"{value:,.{self.digits}f}"
        return f"{text}{'' if self.unit in ('', TIMES) else ' '}{self.unit}"

    @property
    def aim(self) -> str:
        """What has to be reached, in words."""
        return f"at {'most' if self.at_most else 'least'} {self.shown(self.least)}" if self.least is not None else ""

    def _is_as_good(self, value: float, aim: float | None) -> bool:
        return aim is None or (value <= aim if self.at_most else value >= aim)


def _against(peer: str, ours: str = "weir-plain", figure: Figure = per_cpu_s) -> Ask:
    return lambda results: pairs(results, ours, peer, figure)


def _quantile(share: str) -> Ask:
    def ask(results: Sequence[BenchResult]) -> MeasuredFigures:
        result = of_part(results, "latency")
        if result.figures["rate"] != RATE:
            raise NoFigureError(f"not measured: the newest is of {result.figures['rate']:,.0f} events a second")
        value = result.figures["one process"]["quantiles_ms"][share]
        if value is None:
            raise NoFigureError("no figure: no flag came")
        return MeasuredFigures((float(value),), result)

    return ask


def _number(measure: str, name: str) -> Ask:
    def ask(results: Sequence[BenchResult]) -> MeasuredFigures:
        result = of_part(results, measure)
        return MeasuredFigures((float(result.figures[name]),), result)

    return ask


def _growth(results: Sequence[BenchResult]) -> MeasuredFigures:
    result = of_part(results, "visitors")
    costs = {row["visitors"]: row["cost_us"] for row in result.figures["rows"]}
    return MeasuredFigures(ratios(costs.get(1_000_000, ()), costs.get(10_000, ())), result)


def _scale(results: Sequence[BenchResult]) -> MeasuredFigures:
    result = of_part(results, "scale")
    one, two = ([per_cpu_s(run) for run in result.figures["workers"][number]] for number in ("1", "2"))
    return MeasuredFigures(ratios(two, one), result)


def _start(results: Sequence[BenchResult]) -> MeasuredFigures:
    result = of_part(results, "start")
    return MeasuredFigures(tuple(result.figures["seconds"]["sessionize"]), result)


GOALS = (
    Goal("without packs, against Kafka Streams, per CPU s", 1.2, _against("kafka-streams"), 2.0, TIMES, digits=2),
    Goal(
        "all packs, against Kafka Streams with the same patterns, per CPU s",
        1.2,
        _against("kafka-streams-patterns", "weir"),
        2.0,
        TIMES,
        digits=2,
    ),
    Goal(
        "without packs, against Kafka Streams, events a second",
        0.8,
        _against("kafka-streams", figure=per_wall_s),
        1.0,
        TIMES,
        digits=2,
    ),
    Goal(
        "broker's CPU an event, against Kafka Streams",
        2.0,
        _against("kafka-streams", figure=broker_cpu_s),
        1.2,
        TIMES,
        at_most=True,
        digits=2,
    ),
    Goal("against Quix Streams, per CPU s", 2.0, _against("quix"), unit=TIMES, digits=2),
    Goal("against Faust as it comes, per CPU s", 12.0, _against("faust"), unit=TIMES, digits=1),
    Goal("against Flink, per CPU s", 1.0, _against("flink"), unit=TIMES, digits=2),
    Goal(
        "pure Python against the compiled form, per CPU s",
        None,
        _against("weir-plain", "weir-pure"),
        unit=TIMES,
        digits=2,
    ),
    Goal(
        "full cascade, events a CPU s of all processes",
        20_000,
        lambda found: rates(found, "weir-cascade", per_cpu_s),
        40_000,
    ),
    Goal("event to flag at 5,000 events a second, p50", 50, _quantile("0.5"), unit="ms", at_most=True, digits=1),
    Goal("event to flag at 5,000 events a second, p99", 250, _quantile("0.99"), unit="ms", at_most=True, digits=1),
    Goal(
        "memory of one more open session of three events",
        700,
        _number("memory", "bytes_a_session"),
        unit="B",
        at_most=True,
    ),
    Goal("recovery, sessions a second", 200_000, _number("recovery", "per_s")),
    Goal(
        "an event at 1 million open visitors against 10,000, CPU",
        1.3,
        _growth,
        unit=TIMES,
        at_most=True,
        digits=2,
    ),
    Goal("two workers against one, per CPU s", 0.95, _scale, unit=TIMES, digits=2),
    Goal("start to ready, empty state", 3, _start, unit="s", at_most=True, digits=2),
)


@dataclass(frozen=True)
class GoalOutcome:
    """A goal, and what was measured, or why nothing was."""

    goal: Goal
    found: MeasuredFigures | None
    why_not: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether there is a figure, and it is not good enough."""
        return self.found is not None and not self.goal.reached(self.found.median)

    @property
    def measured(self) -> str:
        """The median, and from least to greatest where there are several."""
        if self.found is None:
            return self.why_not
        values, shown = self.found.values, self.goal.shown
        middle = shown(self.found.median)
        return f"{middle} ({shown(min(values))} to {shown(max(values))}, {len(values)})" if len(values) > 1 else middle


def answers(results: Sequence[BenchResult]) -> list[GoalOutcome]:
    """To every goal; of results of one kind there is only one among these, and the newest come first."""
    found = []
    for goal in GOALS:
        try:
            found.append(GoalOutcome(goal, goal.ask(results)))
        except NoFigureError as error:
            found.append(GoalOutcome(goal, None, str(error)))
    return found
