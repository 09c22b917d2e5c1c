"""The report as a page of Markdown, from the raw results alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bench.measures.results import table
from bench.parts import PARTS, BenchPart
from bench.report.age import age, commit, origin
from bench.report.goals import GoalOutcome, answers
from bench.report.sections import section
from bench.result import BadResultError, BenchResult

INTRODUCTION = """\
# Benchmarks

Weir beside its peers on real Kafka: the same log for everybody, each in turn and then each again. What a contestant
publishes is compared with a plain fold of the log, record by record, before its time counts; a contestant that is wrong
gets no figure. The work, and what peers are spared of it, is described in `bench/README.md`.

An event's cost is CPU time of all the contestant's processes, from the moment at which a quarter of the log is done and
committed to its end: interpreters have imported and virtual machines have compiled by then. "Whole" is from the
process's start to its end. The broker is on the same machine, and has its own column.

This page is written by `make bench` from what lies in `bench/results/`, the newest of each kind; don't edit it by hand.
"""
TITLES = {
    "throughput": "Throughput",
    "real": "Throughput on real events",
    "latency": "From an event to its flag",
    "visitors": "Cost against the number of visitors",
    "patterns": "Cost against the number of patterns",
    "scale": "Scale-out",
    "memory": "Memory of an open session",
    "recovery": "Recovery",
    "start": "From start to ready",
    "micro": "The hot functions",
    "profile": "Where the time goes",
}
REPEAT = """\
## How to repeat it
```console (parts of up to ten minutes, and a machine that has nothing else to do)
$ make bench
$ make bench ALL=1
$ make bench ONLY=throughput CONTESTANTS=weir,flink RUNS=5 EVENTS=500000
$ make bench ONLY=latency SECONDS=120
```

The first is a short list, the second takes every part. Each Python peer gets an environment of its own below
`build/bench/environments`; the jars of the Java peers are fetched by a lock, and their programs compiled. That is done
once, and counts for no part's time. A part whose log would take longer than ten minutes is cut. Minutes are estimates.
"""
LAST = """\
`python -m bench.report` writes this page again. `make instructions` counts the instructions that an event takes, which
needs no quiet machine, and compares them with `bench/instructions/baseline.json`.
"""


def page(results: Sequence[BenchResult], plots: Mapping[str, str], now: datetime) -> str:
    """The whole page, of the newest results of each kind, newest first; `plots` are addresses of pictures by kind.

    Raises:
        BadResultError: figures of one of them are not those of its measure.
    """
    try:
        found = answers(results)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # One by one, to know whose figures they are.
        for result in results:
            _section(result, plots, now)
        raise BadResultError(f"Figures of a result are not those of its measure: {error!r}.") from error
    parts = [INTRODUCTION, _goals(found, now), _missed(found)]
    parts += [_section(result, plots, now) for result in results]
    parts += [_machines(results), REPEAT + "\n" + table(("command", "minutes"), [_command(one) for one in PARTS]), LAST]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def title(result: BenchResult) -> str:
    """Of a part's section."""
    names = result.figures.get("traits", {})
    return TITLES[result.part] + (f": {', '.join(result.contestants)}" if names else "")


def _goals(found: Sequence[GoalOutcome], now: datetime) -> str:
    head = ("what", "goal", "hoped for", "measured", "", "when", "commit")
    rows = [
        (
            answer.goal.what,
            answer.goal.aim,
            answer.goal.shown(answer.goal.hoped),
            answer.measured,
            answer.goal.verdict(answer.found.median) if answer.found else "",
            age(answer.found.result, now) if answer.found else "",
            commit(answer.found.result) if answer.found else "",
        )
        for answer in found
    ]
    said = (
        "Measured is the median, in brackets the least and the greatest and how many pairs or runs there are. The page "
        f"was written on {now:%Y-%m-%d}, and what is said to be so many days old was so then."
    )
    return f"## Goals\n\n{said}\n\n{table(head, rows)}"


def _missed(found: Sequence[GoalOutcome]) -> str:
    told = [
        f"- **{answer.goal.what}**: {answer.measured}, and the goal is {answer.goal.aim}."
        for answer in found
        if answer.is_missed
    ]
    open_ones = sum(answer.found is None for answer in found)
    lines = [f"{len(told)} of {len(found)} goals are missed, {open_ones} have no figure.", "", *told]
    return "\n".join(["## What is missed", "", *lines])


def _section(result: BenchResult, plots: Mapping[str, str], now: datetime) -> str:
    try:
        written = [f"## {title(result)}", origin(result, now)]
        if result.kind in plots:
            written.append(f"![{title(result)}]({plots[result.kind]})")
        return "\n\n".join([*written, section(result)])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadResultError(f"{result.file_name} has not the figures of {result.part}: {error!r}.") from error


def _machines(results: Sequence[BenchResult]) -> str:
    """Each once, with the kinds that were measured on it."""
    told: dict[str, list[str]] = {}
    for result in results:
        one, known = result.machine, ", ".join(f"{name} {version}" for name, version in result.versions.items())
        said = f"{one.processors} processors ({one.processor}), {one.memory_gib} GiB, {one.system}; {known}"
        told.setdefault(said, []).append(result.kind)
    lines = [f"- {', '.join(kinds)}: {said}." for said, kinds in told.items()]
    return "\n".join(["## Machine and versions", "", *lines]) if lines else ""


def _command(part: BenchPart) -> tuple[str, str]:
    chosen = f" CONTESTANTS={','.join(part.contestants)}" if part.contestants else ""
    return f"`make bench ONLY={part.measure}{chosen}`", f"{max(part.takes_s / 60, 1):.0f}"
