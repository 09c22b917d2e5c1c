"""The summary at the end of a demo, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from streams.demo.figures import DemoFigures
from streams.demo.results import DemoQuality, Results
from streams.demo.sender import Sent


@dataclass(frozen=True)
class Summary:
    """The figures of a demo; the JSON file has these fields."""

    seconds: float
    events_sent: int
    events_repeated: int
    events_broken: int
    labels_sent: int
    outcomes: dict[str, int]
    """Input records of sessionize by outcome."""
    sessions: int
    sessions_closed: int
    flags: dict[str, dict[str, int]]
    """Number of flags by stage, then by verdict."""
    quality: DemoQuality
    latency_ms_p50: float | None
    latency_ms_p99: float | None
    worker_memory_mb: float
    """Peak memory of the worker."""
    model: str
    failures: list[str]
    """Error messages; empty if the demo succeeded."""


def summarise(figures: DemoFigures, sent: Sent, results: Results, quality: DemoQuality, failures: list[str]) -> Summary:
    """Puts the figures together."""
    flags: dict[str, dict[str, int]] = {}
    for (stage, verdict), count in sorted(results.flags.items()):
        flags.setdefault(stage, {})[verdict] = count
    return Summary(
        seconds=round(figures.elapsed_s, 1),
        events_sent=sent.events,
        events_repeated=sent.repeats,
        events_broken=sent.broken,
        labels_sent=sent.labels,
        outcomes=figures.outcomes,
        sessions=figures.opened,
        sessions_closed=figures.closed,
        flags=flags,
        quality=quality,
        latency_ms_p50=results.latency_ms(0.5),
        latency_ms_p99=results.latency_ms(0.99),
        worker_memory_mb=round(figures.memory_mb, 1),
        model=figures.model,
        failures=failures,
    )


def show(summary: Summary, console: Console) -> None:
    """Prints the summary as a table."""
    table = Table(show_header=False, box=None, pad_edge=False, title="Summary", title_justify="left")
    for name, value in _rows(summary):
        table.add_row(name, value)
    console.print(table, markup=False)


def _rows(summary: Summary) -> Iterator[tuple[str, str]]:
    extra = f"{summary.events_repeated:,} of them repeated, and {summary.events_broken:,} broken ones"
    yield "events", f"{summary.events_sent:,} in {summary.seconds:,.0f} s, {extra}"
    yield "became", counts(summary.outcomes)
    yield "sessions", f"{summary.sessions:,}, {summary.sessions_closed:,} of them closed"
    for stage, verdicts in summary.flags.items():
        yield f"flags, {stage}", counts(verdicts)
    quality = summary.quality
    yield (
        "precision",
        f"{percent(quality.precision)} of the visitors that were throttled or blocked are abuse by the traffic's truth",
    )
    yield "recall", f"{percent(quality.recall)} of the visitors that are abuse were throttled or blocked"
    for kind, result in quality.kinds.items():
        yield f"  {kind}s", f"{result.acted_on:,} of {result.visitors:,} throttled or blocked"
    half, nearly_all = _ms(summary.latency_ms_p50), _ms(summary.latency_ms_p99)
    yield "event to flag", f"{half} for half of the flags, {nearly_all} for 99 %, without those on closings"
    yield "worker's memory", f"{summary.worker_memory_mb:,.0f} MB at most"
    yield "model", f"{summary.model}; {summary.labels_sent:,} labels by moderators, late and now and then wrong"


def counts(by_name: dict[str, int]) -> str:
    """Counts as text such as `3 a, 1 b`, the greatest first."""
    return (
        ", ".join(f"{count:,} {name}" for name, count in sorted(by_name.items(), key=lambda item: -item[1])) or "none"
    )


def percent(share: float | None) -> str:
    """A share as percentage."""
    return "none" if share is None else f"{share:.1%}"


def _ms(milliseconds: float | None) -> str:
    return "unknown" if milliseconds is None else f"{milliseconds:,.0f} ms"
