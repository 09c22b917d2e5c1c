"""What a run leaves for people: a page with tables, a picture of its course, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

from tests.chaos.run import Done, Options
from tests.chaos.verdict import Verdict

mpl.use("Agg")
from matplotlib import pyplot as plt


def summary(options: Options, done: Done, verdict: Verdict) -> dict[str, Any]:
    """The run in figures."""
    delays = sorted(delay for found in verdict.timeline.delays_s.values() for delay in found)
    return {
        "options": asdict(options),
        "faults": [
            {"family": planned.family, "fault": planned.fault, "begun_s": round(begun, 1), "over_s": round(over, 1)}
            for begun, over, planned in done.faults
        ],
        "workers_ended": [{"name": e.name, "code": e.code, "last_words": e.last_words} for e in done.ended],
        "records_read": verdict.read,
        "records_compared": verdict.outputs,
        "events_per_s": verdict.timeline.events_per_s,
        "longest_silence_s": verdict.timeline.longest_silence_s,
        "delay_p50_s": median(delays) if delays else None,
        "delay_p99_s": delays[len(delays) * 99 // 100] if delays else None,
        "accounts": {str(number): asdict(accounts) for number, accounts in sorted(verdict.accounts.items())},
        "differences": verdict.differences,
    }


def write_report(folder: Path, options: Options, done: Done, verdict: Verdict) -> Path:
    """Writes `report.md`, `timeline.png` and `report.json`; gives the page."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = summary(options, done, verdict)
    (folder / "report.json").write_text(json.dumps(figures, indent=1))
    _draw(folder / "timeline.png", done, verdict)
    page = folder / "report.md"
    page.write_text(_page(figures))
    return page


def _page(figures: dict[str, Any]) -> str:
    options, differences = figures["options"], figures["differences"]
    kinds = Counter(difference.split()[0].rstrip(":") for difference in differences)
    lines = [
        f"# Chaos, seed {options['seed']}",
        "",
        (
            f"{len(figures['faults'])} faults of {len({f['family'] for f in figures['faults']})} families in "
            f"{options['seconds']:.0f} s, on {options['nodes']} nodes of Kafka, with {options['workers']} workers."
        ),
        "",
        f"**{'Nothing lost, doubled or torn' if not differences else f'{len(differences)} DIFFERENCES'}**: "
        f"{figures['records_read']:,} records read, {figures['records_compared']:,} compared"
        + "".join(f"; {kind} {count}" for kind, count in kinds.items())
        + ".",
        "",
        (
            f"Median rate {figures['events_per_s']:,.0f} events a second; longest silence of the output "
            f"{figures['longest_silence_s']} s; an event's append to its revision's: "
            f"{figures['delay_p50_s']} s for half, {figures['delay_p99_s']} s for 99 %."
        ),
        "",
        "![events, revisions and delays by second, faults shaded](timeline.png)",
        "",
        "| from | to | family | fault |",
        "|---|---|---|---|",
        *(f"| {f['begun_s']} s | {f['over_s']} s | {f['family']} | {f['fault']} |" for f in figures["faults"]),
        "",
        "| worker | exit code | last words |",
        "|---|---|---|",
        *(f"| {w['name']} | {w['code']} | {w['last_words'][-200:]} |" for w in figures["workers_ended"]),
        "",
        "| partition | read | folded | duplicate | late | dead letters | sent on | watermarks |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {number} | {a['read']} | {a['folded']} | {a['duplicate']} | {a['late']} | {a['dead_letter']} "
            f"| {a['rekeyed']} | {a['watermark']} |"
            for number, a in figures["accounts"].items()
        ),
        "",
        *(f"- {difference}" for difference in differences[:200]),
    ]
    return "\n".join(lines) + "\n"


def _draw(file: Path, done: Done, verdict: Verdict) -> None:
    timeline = verdict.timeline
    seconds = list(timeline.seconds)
    figure, (rates, delays) = plt.subplots(2, 1, sharex=True, figsize=(14, 7), layout="constrained")
    rates.plot(seconds, [timeline.events[second] for second in seconds], label="events appended", linewidth=0.8)
    rates.plot(seconds, [timeline.sessions[second] for second in seconds], label="revisions", linewidth=0.8)
    rates.set_ylabel("records a second")
    rates.legend(loc="upper right")
    worst = [max(timeline.delays_s.get(second, [nan])) for second in seconds]
    delays.plot(seconds, worst, linewidth=0.8, marker=".", markersize=2)
    delays.set_ylabel("greatest delay, s")
    delays.set_xlabel("second of the run")
    for begun, over, planned in done.faults:
        for axes in (rates, delays):
            axes.axvspan(begun, max(over, begun + 0.5), alpha=0.15, color="tab:red")
        rates.annotate(planned.fault, (begun, 1), xycoords=("data", "axes fraction"), rotation=90, fontsize=6, va="top")
    figure.savefig(file, dpi=110)
    plt.close(figure)
