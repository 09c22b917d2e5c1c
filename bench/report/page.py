"""The report as a page of Markdown, from the raw results alone."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from bench.report.goals import missed, rows
from bench.report.profiles import profiles
from tests.measures.results import table

Results = Mapping[str, Any]
MEBI = 2**20
INTRODUCTION = """\
# Benchmarks

Weir beside its peers on real Kafka: the same log for everybody, in one run, each in turn and then each again. What a
contestant publishes is compared with a plain fold of the log, record by record, before its time counts. The work, and
what peers are spared of it, is described in `bench/README.md`.

An event's cost is CPU time of all the contestant's processes, from the moment at which a quarter of the log is done and
committed to its end: interpreters have imported and virtual machines have compiled by then. "Whole" is from the
process's start to its end. The broker has the other processor, and its own column.

This page is written by `make bench`; don't edit it by hand.
"""
REPEAT = """\
## How to repeat it
```console (an hour and more, and a machine that has nothing else to do)
$ make bench
$ make bench ONLY=throughput CONTESTANTS=weir,flink RUNS=5 EVENTS=3000000
$ make bench ONLY=latency SECONDS=120
```

It installs each Python peer into an environment of its own below `build/bench/environments`, fetches the Java peers'
jars by a lock, compiles their programs, and starts its own broker. Raw results lie in `build/bench/results.json`; what
is not asked for stays there as it was measured last. The report goes to `build/bench/benchmarks.md`, with
`REPORT=docs/benchmarks.md` to this page.

`make instructions` counts the instructions that an event takes, which needs no quiet machine, and compares them with
`bench/instructions/baseline.json`.
"""


def page(results: Results, plots: Mapping[str, str]) -> str:
    """The whole page; `plots` are the addresses of pictures by measure."""
    parts = [INTRODUCTION, _goals(results), _missed(results)]
    sections = {
        "throughput": _throughput,
        "real": _throughput,
        "latency": _latency,
        "visitors": _visitors,
        "patterns": _patterns,
        "scale": _scale,
        "memory": _memory,
        "recovery": _recovery,
        "start": _start,
        "micro": _micro,
        "profile": profiles,
    }
    for name, section in sections.items():
        if name in results:
            written = [f"## {TITLES[name]}", _note(results[name])]
            if name in plots:
                written.append(f"![{TITLES[name]}]({plots[name]})")
            if "failed" in results[name]:
                written.append(f"Not measured: {results[name]['failed']}")
            else:
                written.append(section(results[name]))
            parts.append("\n\n".join(part for part in written if part))
    parts += [_conditions(results), REPEAT]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


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


def spread(values: list[float], digits: int = 0) -> str:
    """Median, and from least to greatest where there are several."""
    shown = f"{median(values):,.{digits}f}"
    return f"{shown} ({min(values):,.{digits}f} to {max(values):,.{digits}f})" if len(values) > 1 else shown


def _goals(results: Results) -> str:
    head = ("what", "goal", "measured", "")
    return "## Goals\n\n" + table(head, rows(results))


def _missed(results: Results) -> str:
    told = [f"- **{goal.what}**: {goal.bound}" for goal in missed(results)]
    return "\n".join(["## What was missed, and what bounds it", "", *told]) if told else ""


def _note(figures: Results) -> str:
    taken = figures["conditions"]
    return f"Taken on {taken['taken']}, load of the machine at the end {taken['load'][0]:.1f}."


def _throughput(figures: Results) -> str:
    lines = []
    for name, traits in figures["traits"].items():
        runs = [run for run in figures["runs"] if run["contestant"] == name]
        if runs:
            lines.append(_contestant(traits, runs))
    head = (
        *("contestant", "events a CPU s", "events a s", "whole, a CPU s", "broker's CPU µs an event", "most MiB"),
        *("exactly once", "output"),
    )
    spec = figures["spec"]
    said = (
        f"{spec['events']:,} events of about {spec['size']} bytes, {spec['visitors']:,} visitors at a time, "
        f"{spec['partitions']} partitions, seed {spec['seed']}."
    )
    if spec["data"] == "real":
        said = f"{spec['events']:,} events that say what the real data sets say, {spec['partitions']} partitions."
    remarks = [
        f"- **{traits['title']}** ({name}, {traits['version']}): {traits['remarks']}"
        + (f"; {runs[0]['whole_events']:,} events of such a log, fewer than the others" if traits["slow"] else "")
        for name, traits in figures["traits"].items()
        if (runs := [run for run in figures["runs"] if run["contestant"] == name])
    ]
    absent = [f"- **{name}** could not be run: {reason}" for name, reason in figures["absent"].items()]
    return "\n".join([said, "", table(head, lines), *remarks, *absent])


def _contestant(traits: Results, runs: list[Results]) -> tuple[str, ...]:
    wrong = [run for run in runs if run["faults"]]
    return (
        traits["title"],
        spread([run["per_cpu_s"] for run in runs]),
        spread([run["per_wall_s"] for run in runs]),
        spread([run["whole_events"] / run["whole_cpu_s"] for run in runs]),
        spread([run["broker_cpu_s"] / run["events"] * 1e6 for run in runs], 1),
        f"{max(run['peak_bytes'] for run in runs) / MEBI:,.0f}",
        "yes" if traits["exactly_once"] else "no",
        "**wrong**" if wrong else "right" + ("" if traits["finals"] else ", no finals"),
    )


def _latency(figures: Results) -> str:
    lines = [
        (
            name,
            *(f"{found['quantiles_ms'][share]:,.1f}" for share in ("0.5", "0.9", "0.99", "0.999")),
            f"{found['greatest_ms']:,.1f}",
            f"{found['flags']:,}",
            f"{found['busy']:.0%}",
        )
        for name in ("one process", "a process a stage")
        if (found := figures[name])["flags"]
    ]
    said = (
        f"{figures['rate']:,.0f} events a second for {figures['seconds']:.0f} s; milliseconds from the moment at which "
        "the event was meant to be sent to the flag in a `read_committed` consumer's hands. sessionize and score."
    )
    return said + "\n\n" + table(("", "p50", "p90", "p99", "p99.9", "most", "flags", "busy"), lines)


def _visitors(figures: Results) -> str:
    lines = [(f"{row['visitors']:,}", spread(row["cost_us"], 2)) for row in figures["rows"]]
    said = f"sessionize, no patterns; {figures['events']:,} events after so many visitors opened a session each."
    return said + "\n\n" + table(("open visitors", "CPU µs an event"), lines)


def _patterns(figures: Results) -> str:
    lines = [(f"{row['patterns']:,}", spread(row["cost_us"], 2)) for row in figures["rows"]]
    said = "sessionize with one pack of made-up patterns over URL, path, query, referrer and user agent."
    return said + "\n\n" + table(("patterns", "CPU µs an event"), lines)


def _scale(figures: Results) -> str:
    lines = [
        (
            number,
            spread([run["per_cpu_s"] for run in runs]),
            spread([run["per_wall_s"] for run in runs]),
        )
        for number, runs in figures["workers"].items()
    ]
    said = "sessionize with all packs; workers of one group share the partitions, and the processors with the broker."
    return said + "\n\n" + table(("workers", "events a CPU s", "events a s"), lines)


def _memory(figures: Results) -> str:
    lines = [(f"{row['sessions']:,}", f"{row['resident_bytes'] / MEBI:,.0f}") for row in figures["rows"]]
    said = (
        "Resident memory of a worker with so many open sessions of three events: "
        f"{figures['bytes_a_session']:,.0f} bytes for one more."
    )
    return said + "\n\n" + table(("open sessions", "MiB"), lines)


def _recovery(figures: Results) -> str:
    return (
        f"A killed worker's {figures['sessions']:,} open sessions were back in {figures['longest_s']:.1f} s "
        f"({figures['per_s']:,.0f} a second), the worker ready {figures['ready_after_s']:.1f} s after its start, "
        f"with at most {figures['peak_bytes'] / MEBI:,.0f} MiB. `make recovery` tells more."
    )


def _start(figures: Results) -> str:
    lines = [(name, spread(seconds, 2)) for name, seconds in figures["seconds"].items()]
    said = "Seconds from the process's start to its first answer 200 to `/ready`."
    return said + "\n\n" + table(("stages", "s"), lines)


def _micro(figures: Results) -> str:
    lines = [(name, f"{min(costs):.2f}", f"{median(costs):.2f}") for name, costs in figures["cost_us"].items()]
    said = f"Without Kafka, over {figures['events']:,} events in memory."
    return said + "\n\n" + table(("what", "least µs", "median µs"), lines)


def _conditions(results: Results) -> str:
    if not results:
        return ""
    taken = max((one["conditions"] for one in results.values()), key=lambda one: str(one["taken"]))
    versions = ", ".join(f"{name} {version}" for name, version in taken["versions"].items())
    return (
        f"## Machine and versions\n\n{taken['processors']} processors ({taken['processor']}), "
        f"{taken['memory_gib']} GiB, {taken['system']}, Python {taken['python']}; {versions}. "
        "One broker on the same machine, with a heap of 1 GiB.\n"
    )
