"""What was to be reached, and whether it was; a goal without a measure is said to be so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.report.bounds import AS_ABOVE, CACHED, CASCADE, FLAT, PEERS, READING_BACK, SESSION_BYTES

TIMES = "\N{MULTIPLICATION SIGN}"
Results = Mapping[str, Any]
Ask = Callable[[Results], float]


@dataclass(frozen=True)
class Goal:
    """One row of the table."""

    what: str
    aim: float
    unit: str
    ask: Ask
    """Raises `LookupError` where nothing was measured."""
    at_most: bool = False
    digits: int = 0
    bound: str = ""
    """What the figure is made of, and what it would take, where the goal is out of reach."""

    def reached(self, value: float) -> bool:
        """Whether the value is good enough."""
        return value <= self.aim if self.at_most else value >= self.aim


def rate(results: Results, name: str, figure: str = "per_cpu_s") -> float:
    """Median of a contestant's runs; only those count whose output was right.

    Raises:
        LookupError: there is none.
    """
    runs = results["throughput"]["runs"]
    right = [run[figure] for run in runs if run["contestant"] == name and not run["faults"]]
    if not right:
        raise LookupError(name)
    return float(median(right))


def _ratio(name: str, peer: str) -> Ask:
    return lambda results: rate(results, name) / rate(results, peer)


def _quantile(share: str) -> Ask:
    return lambda results: float(results["latency"]["one process"]["quantiles_ms"][share])


def _growth(measure: str, by: str) -> Ask:
    """Cost at most, against the least number."""

    def ask(results: Results) -> float:
        rows = [row for row in results[measure]["rows"] if row[by]]
        return float(median(rows[-1]["cost_us"]) / median(rows[0]["cost_us"]))

    return ask


GOALS = (
    Goal("sessionize with all packs, events a CPU second", 150_000, "", lambda found: rate(found, "weir"), bound=FLAT),
    Goal(
        "the same in wall time, events a second",
        120_000,
        "",
        lambda found: rate(found, "weir", "per_wall_s"),
        bound=AS_ABOVE,
    ),
    Goal("full cascade, events a CPU second", 80_000, "", lambda found: rate(found, "weir-cascade"), bound=CASCADE),
    Goal("against Faust as it comes", 40, TIMES, _ratio("weir-plain", "faust"), digits=1, bound=PEERS),
    Goal("against Quix Streams", 3, TIMES, _ratio("weir-plain", "quix"), digits=2, bound=PEERS),
    Goal("against Kafka Streams", 3, TIMES, _ratio("weir-plain", "kafka-streams"), digits=2, bound=PEERS),
    Goal("against Flink", 2, TIMES, _ratio("weir-plain", "flink"), digits=2, bound=PEERS),
    Goal(
        "against Kafka Streams, same patterns and caches",
        8,
        TIMES,
        _ratio("weir", "kafka-streams-patterns"),
        digits=2,
        bound=CACHED,
    ),
    Goal(
        "the same, its strings matched anew",
        8,
        TIMES,
        _ratio("weir", "kafka-streams-patterns-anew"),
        digits=2,
        bound=PEERS,
    ),
    Goal("event to flag, p50", 50, "ms", _quantile("0.5"), at_most=True, digits=1),
    Goal("event to flag, p99", 250, "ms", _quantile("0.99"), at_most=True, digits=1),
    Goal(
        "memory of one more open session of three events",
        600,
        "bytes",
        lambda found: float(found["memory"]["bytes_a_session"]),
        at_most=True,
        bound=SESSION_BYTES,
    ),
    Goal(
        "recovery, sessions a second",
        300_000,
        "",
        lambda found: float(found["recovery"]["per_s"]),
        bound=READING_BACK,
    ),
    Goal("cost at most visitors against least", 1.2, TIMES, _growth("visitors", "visitors"), at_most=True, digits=2),
    Goal(
        "two workers against one, per CPU second",
        0.95,
        TIMES,
        lambda found: float(found["scale"]["two_against_one"]),
        digits=2,
    ),
    Goal(
        "start to ready, empty state",
        3,
        "s",
        lambda found: median(found["start"]["seconds"]["sessionize"]),
        at_most=True,
        digits=2,
    ),
    Goal("cost of 2,000 patterns against 200", 2, TIMES, _growth("patterns", "patterns"), at_most=True, digits=2),
)


def rows(results: Results) -> list[tuple[str, str, str, str]]:
    """What, the goal, what was measured, and whether it was reached."""
    found = []
    for goal in GOALS:
        aim = f"{'at most ' if goal.at_most else ''}{_text(goal.aim, goal)}"
        try:
            value = goal.ask(results)
        except (LookupError, TypeError):
            found.append((goal.what, aim, "not measured", ""))
            continue
        found.append((goal.what, aim, _text(value, goal), "reached" if goal.reached(value) else "**missed**"))
    return found


def missed(results: Results) -> list[Goal]:
    """Goals that were measured and not reached."""
    found = []
    for goal in GOALS:
        try:
            value = goal.ask(results)
        except (LookupError, TypeError):
            continue
        if not goal.reached(value):
            found.append(goal)
    return found


def _text(value: float, goal: Goal) -> str:
    shown = f"{value:,.{goal.digits}f}"
    if "." in shown and value == goal.aim:
        shown = shown.rstrip("0").rstrip(".")
    return f"{shown}{'' if goal.unit in ('', TIMES) else ' '}{goal.unit}"
