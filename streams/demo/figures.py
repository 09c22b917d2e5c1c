"""The figures of the demo at one moment, which the terminal shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.demo.results import Results
from streams.demo.sender import Sent
from streams.demo.worker_process import Series
from weir.contracts import Flag


@dataclass(frozen=True)
class DemoFigures:
    """The demo's figures at one moment."""

    elapsed_s: float = 0.0
    sent: int = 0
    per_s: float = 0.0
    labels: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    """The worker's input records by outcome."""
    opened: int = 0
    closed: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    """Number of flags by verdict."""
    stages: dict[str, int] = field(default_factory=dict)
    """Flags by stage."""
    lag: int | None = None
    model: str = "none yet"
    latency_ms: float | None = None
    """Median latency of all flags so far."""
    memory_mb: float = 0.0
    newest: tuple[dict[str, str], ...] = ()
    """Newest flags, newest first: visitor, verdict, stage, why."""


def take(elapsed_s: float, sent: Sent, results: Results, series: Series, memory_bytes: int) -> DemoFigures:
    """The present figures; `series` are the worker's metrics, empty if it hasn't responded yet."""
    by_verdict, by_stage = _sums(results)
    return DemoFigures(
        elapsed_s=elapsed_s,
        sent=sent.events,
        per_s=sent.events / elapsed_s if elapsed_s > 0 else 0.0,
        labels=sent.labels,
        outcomes=by_label(series, "weir_events_total", "outcome"),
        opened=len(results.opened),
        closed=results.closed,
        flags=by_verdict,
        stages=by_stage,
        lag=lag(series),
        model=model(series),
        latency_ms=results.latency_ms(0.5),
        memory_mb=memory_bytes / 1e6,
        newest=tuple(as_row(flag) for flag in reversed(results.newest)),
    )


def by_label(series: Series, name: str, label: str) -> dict[str, int]:
    """A counter by one of its labels, summed over the other labels; zeros are left out."""
    sums: dict[str, int] = {}
    for (metric, labels), value in series.items():
        if metric == name and value:
            key = dict(labels)[label]
            sums[key] = sums.get(key, 0) + int(value)
    return sums


def lag(series: Series) -> int | None:
    """Number of records that are not processed yet, over all stages; None if the number is unknown."""
    known = [value for (metric, _), value in series.items() if metric == "weir_lag_records"]
    return int(sum(known)) if known else None


def model(series: Series) -> str:
    """The champion that scores."""
    names = [
        f"{dict(labels)['id']} {dict(labels)['version']}"
        for (metric, labels), value in series.items()
        if metric == "weir_model_version_info" and value
    ]
    return ", ".join(names) or "none yet"


def as_row(flag: Flag) -> dict[str, str]:
    """A flag as a row of the view."""
    return {
        "visitor": flag.visitor_id,
        "verdict": flag.verdict,
        "stage": flag.stage,
        "why": "; ".join(reason.text for reason in flag.reasons),
    }


def _sums(results: Results) -> tuple[dict[str, int], dict[str, int]]:
    by_verdict: dict[str, int] = {}
    by_stage: dict[str, int] = {}
    for (stage, verdict), count in results.flags.items():
        by_verdict[verdict] = by_verdict.get(verdict, 0) + count
        by_stage[stage] = by_stage.get(stage, 0) + count
    return by_verdict, by_stage
