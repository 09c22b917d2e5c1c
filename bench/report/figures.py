"""Figures out of results: run by run, and only of those whose output was right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.result import BenchResult

Run = Mapping[str, Any]
Figure = Callable[[Run], float]


class NoFigureError(Exception):
    """There is no figure; the message is what the table says instead."""


@dataclass(frozen=True)
class MeasuredFigures:
    """Figures, and where they are from."""

    values: tuple[float, ...]
    result: BenchResult

    @property
    def median(self) -> float:
        """What is compared with a goal."""
        return float(median(self.values))


def per_cpu_s(run: Run) -> float:
    """Events a CPU second of all processes of a contestant."""
    return float(run["per_cpu_s"])


def per_wall_s(run: Run) -> float:
    """Events a second."""
    return float(run["per_wall_s"])


def broker_cpu_s(run: Run) -> float:
    """The broker's CPU seconds an event."""
    return float(run["broker_cpu_s"] / run["events"])


def wrong(result: BenchResult) -> list[str]:
    """Contestants whose output was judged wrong in some run: nothing of the part counts then that rests on them."""
    return list(dict.fromkeys(run["contestant"] for run in result.figures.get("runs", ()) if run["faults"]))


def rates(results: Sequence[BenchResult], name: str, figure: Figure) -> MeasuredFigures:
    """A contestant's runs, of the newest part that has it.

    Raises:
        NoFigureError: it was not run, or its output was wrong.
    """
    result = _with(results, (name,))
    return MeasuredFigures(tuple(_runs(result, name, figure).values()), result)


def pairs(results: Sequence[BenchResult], ours: str, theirs: str, figure: Figure) -> MeasuredFigures:
    """How many times theirs ours is, pair by pair, of the newest part in which both ran.

    Raises:
        NoFigureError: they did not run together, or one's output was wrong.
    """
    result = _with(results, (ours, theirs))
    mine, others = _runs(result, ours, figure), _runs(result, theirs, figure)
    values = tuple(value / others[run] for run, value in mine.items() if others.get(run))
    if not values:
        raise NoFigureError("not measured: no pair of runs is complete")
    return MeasuredFigures(values, result)


def of_part(results: Sequence[BenchResult], measure: str) -> BenchResult:
    """The newest result of a measure that has no contestants.

    Raises:
        NoFigureError: there is none.
    """
    for result in results:
        if result.part == measure:
            return result
    raise NoFigureError("not measured")


def ratios(above: Iterable[float], below: Iterable[float]) -> tuple[float, ...]:
    """Pair by pair; the last ones of the longer are left out.

    Raises:
        NoFigureError: there is no pair.
    """
    found = tuple(one / other for one, other in zip(above, below, strict=False))
    if not found:
        raise NoFigureError("not measured")
    return found


def _with(results: Sequence[BenchResult], names: Sequence[str]) -> BenchResult:
    for result in results:
        if result.part == "throughput" and set(names) <= set(result.contestants):
            return result
    raise NoFigureError("not measured")


def _runs(result: BenchResult, name: str, figure: Figure) -> dict[int, float]:
    if name in wrong(result):
        raise NoFigureError(f"no figure: the output of {name} was wrong")
    found = {run["run"]: figure(run) for run in result.figures["runs"] if run["contestant"] == name}
    if not found:
        told = result.figures["absent"] | result.figures["failed"]
        raise NoFigureError(f"not measured: {name} could not be run" if name in told else "not measured")
    return found
