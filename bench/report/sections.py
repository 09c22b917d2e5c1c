"""A section of the page for each measure: its table, and what has to be said beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from bench.measures.results import table
from bench.report.figures import wrong
from bench.report.profiles import profiles
from bench.result import BenchResult

Figures = Mapping[str, Any]
MEBI = 2**20
NO_FIGURE = "\N{EN DASH}"


def spread(values: list[float], digits: int = 0) -> str:
    """Median, and from least to greatest where there are several."""
    shown = f"{median(values):,.{digits}f}"
    return f"{shown} ({min(values):,.{digits}f} to {max(values):,.{digits}f})" if len(values) > 1 else shown


def section(result: BenchResult) -> str:
    """What was measured in a part."""
    return _rates(result) if result.figures.get("traits") else SECTIONS[result.part](result.figures)


def _rates(result: BenchResult) -> str:
    figures, spec = result.figures, result.parameters["log"]
    runs = {name: [run for run in figures["runs"] if run["contestant"] == name] for name in figures["traits"]}
    lines = [_contestant(figures["traits"][name], found) for name, found in runs.items() if found]
    head = (
        *("contestant", "events a CPU s", "events a s", "whole, a CPU s", "broker's CPU µs an event", "most MiB"),
        *("runs", "exactly once", "output"),
    )
    said = (
        f"{spec['events']:,} events of about {spec['size']} bytes, {spec['visitors']:,} visitors at a time, "
        f"{spec['partitions']} partitions, seed {spec['seed']}; run 1 of each, then run 2 of each, and so on."
    )
    if spec["data"] == "real":
        said = f"{spec['events']:,} events that say what the real data sets say, {spec['partitions']} partitions."
    remarks = [_remark(name, figures["traits"][name], found) for name, found in runs.items() if found]
    told = [f"- **{name}** could not be run: {reason}" for name, reason in figures["absent"].items()]
    told += [f"- **{name}** gave up: {reason}" for name, reason in figures["failed"].items()]
    told += [
        f"- **{name}** published something wrong, so it gets no figure: {_fault(runs[name])}" for name in wrong(result)
    ]
    ended = max(map(len, runs.values()))
    if ended < result.parameters["runs"]:
        told.append(f"- Cut to {ended} of {result.parameters['runs']} runs of each, to end in ten minutes.")
    return "\n".join([said, "", table(head, lines), *remarks, *told])


def _contestant(traits: Figures, runs: list[Figures]) -> tuple[str, ...]:
    exactly_once = "yes" if traits["exactly_once"] else "no"
    if any(run["faults"] for run in runs):
        return (traits["title"], *[NO_FIGURE] * 5, str(len(runs)), exactly_once, "**wrong**")
    return (
        traits["title"],
        spread([run["per_cpu_s"] for run in runs]),
        spread([run["per_wall_s"] for run in runs]),
        spread([run["whole_events"] / run["whole_cpu_s"] for run in runs]),
        spread([run["broker_cpu_s"] / run["events"] * 1e6 for run in runs], 1),
        f"{max(run['peak_bytes'] for run in runs) / MEBI:,.0f}",
        str(len(runs)),
        exactly_once,
        "right" + ("" if traits["finals"] else ", no finals"),
    )


def _remark(name: str, traits: Figures, runs: list[Figures]) -> str:
    said = f"- **{traits['title']}** ({name}, {traits['version']}): {traits['remarks']}"
    if traits["slow"]:
        said += f"; {runs[0]['whole_events']:,} events of such a log, fewer than the others"
    return said


def _fault(runs: list[Figures]) -> str:
    return next(str(run["faults"][0]) for run in runs if run["faults"])


def _latency(figures: Figures) -> str:
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


def _visitors(figures: Figures) -> str:
    lines = [(f"{row['visitors']:,}", spread(row["cost_us"], 2)) for row in figures["rows"]]
    said = f"sessionize, no patterns; {figures['events']:,} events after so many visitors opened a session each."
    return said + "\n\n" + table(("open visitors", "CPU µs an event"), lines)


def _patterns(figures: Figures) -> str:
    lines = [(f"{row['patterns']:,}", spread(row["cost_us"], 2)) for row in figures["rows"]]
    said = "sessionize with one pack of made-up patterns over URL, path, query, referrer and user agent."
    return said + "\n\n" + table(("patterns", "CPU µs an event"), lines)


def _scale(figures: Figures) -> str:
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


def _memory(figures: Figures) -> str:
    lines = [(f"{row['sessions']:,}", f"{row['resident_bytes'] / MEBI:,.0f}") for row in figures["rows"]]
    said = (
        "Resident memory of a worker with so many open sessions of three events: "
        f"{figures['bytes_a_session']:,.0f} bytes for one more."
    )
    return said + "\n\n" + table(("open sessions", "MiB"), lines)


def _recovery(figures: Figures) -> str:
    return (
        f"A killed worker's {figures['sessions']:,} open sessions were back in {figures['longest_s']:.1f} s "
        f"({figures['per_s']:,.0f} a second), the worker ready {figures['ready_after_s']:.1f} s after its start, "
        f"with at most {figures['peak_bytes'] / MEBI:,.0f} MiB. `make recovery` tells more."
    )


def _start(figures: Figures) -> str:
    lines = [(name, spread(seconds, 2)) for name, seconds in figures["seconds"].items()]
    said = "Seconds from the process's start to its first answer 200 to `/ready`."
    return said + "\n\n" + table(("stages", "s"), lines)


def _micro(figures: Figures) -> str:
    lines = [(name, f"{min(costs):.2f}", f"{median(costs):.2f}") for name, costs in figures["cost_us"].items()]
    said = f"Without Kafka, over {figures['events']:,} events in memory."
    return said + "\n\n" + table(("what", "least µs", "median µs"), lines)


SECTIONS: Mapping[str, Callable[[Figures], str]] = {
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
