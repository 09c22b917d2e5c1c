"""What a run leaves for people: a page with tables, a picture of its course, and the same as JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

from tests.chaos.page import page_of
from tests.chaos.run import ROOT, Done, Options
from tests.chaos.timeline import Timeline
from tests.chaos.traffic import KINDS
from tests.chaos.verdict import Verdict

mpl.use("Agg")
from matplotlib import pyplot as plt


def summary(options: Options, done: Done, verdict: Verdict) -> dict[str, Any]:
    """The run in figures."""
    delays = sorted(delay for found in verdict.timeline.delays_s.values() for delay in found)
    return {
        "options": asdict(options),
        "commit": _commit(),
        "faults": list(_faults(options, done, verdict.timeline)),
        "left_out": [{"fault": fault, "why": why} for fault, why in done.left_out],
        "workers_ended": [asdict(ended) | {"begun_s": ended.started_s - done.begun_ms / 1000} for ended in done.ended],
        "sent": sent(done, verdict),
        "stopped": [asdict(stopped) for stopped in done.stopped],
        "cleaned": [asdict(cleaned) for cleaned in done.cleaned],
        "records_read": verdict.read,
        "records_compared": verdict.outputs,
        "judge_memory_mib": round(verdict.most_memory_mib),
        "events_per_s": verdict.timeline.events_per_s,
        "longest_silence_s": verdict.timeline.longest_silence_s,
        "delay_p50_s": median(delays) if delays else None,
        "delay_p99_s": delays[len(delays) * 99 // 100] if delays else None,
        "accounts": {str(number): asdict(accounts) for number, accounts in sorted(verdict.accounts.items())},
        "differences": verdict.differences,
    }


def _commit() -> str:
    """What was tried, for a report that is kept; with a plus where the tree has changes besides."""
    asked = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def sent(done: Done, verdict: Verdict) -> dict[str, int]:
    """What was in the traffic, by what the load told and by what the oracle found in the log."""
    twice = done.sent.get("twice", [])
    ends_s = [ended.at_s for ended in done.ended]
    accounts = verdict.accounts.values()
    return {
        **{kind: done.sent.get("kinds", {}).get(kind, 0) for kind in KINDS},
        **{f"label: {kind}": count for kind, count in sorted(done.sent.get("labels", {}).items())},
        "sent a second time": sum(count for *_, count in twice),
        "of them across the end of a worker": sum(
            count for first, again, count in twice if any(first < end_s < again for end_s in ends_s)
        ),
        "found: duplicates": sum(a.duplicate for a in accounts),
        "found: late": sum(a.late for a in accounts),
        "found: dead letters": sum(a.dead_letter for a in accounts),
        "found: clamped": sum(a.clamped for a in accounts),
        "found: sent on to their partition": sum(a.rekeyed for a in accounts),
        "found: sessions merged": verdict.timeline.merged,
        "found: sessions split": verdict.timeline.split,
        "not sent, for too much waited already": done.sent.get("not_sent", 0),
    }


def _faults(options: Options, done: Done, timeline: Timeline) -> Iterator[dict[str, Any]]:
    begun = [fault.begun_s for fault in done.faults]
    for fault, next_s in zip(done.faults, [*begun[1:], options.seconds], strict=True):
        yield {
            "family": fault.planned.family,
            "fault": fault.planned.fault,
            "begun_s": round(fault.begun_s, 1),
            "lasted_s": round(fault.over_s - fault.begun_s, 1),
            "back_after_s": None if fault.back_s is None else round(fault.back_s - fault.over_s, 1),
            "silent_s": timeline.silence_s(fault.begun_s, max(next_s, fault.begun_s + 1)),
            "note": fault.note,
        }


def write_report(folder: Path, options: Options, done: Done, verdict: Verdict) -> Path:
    """Writes `report.md`, `timeline.png` and `report.json`; gives the page."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = summary(options, done, verdict)
    (folder / "report.json").write_text(json.dumps(figures, indent=1))
    _draw(folder / "timeline.png", done, verdict)
    page = folder / "report.md"
    page.write_text(page_of(figures))
    return page


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
    for fault in done.faults:
        for axes in (rates, delays):
            axes.axvspan(fault.begun_s, max(fault.over_s, fault.begun_s + 0.5), alpha=0.15, color="tab:red")
            axes.axvspan(fault.over_s, fault.back_s or fault.over_s, alpha=0.08, color="tab:orange")
        rates.annotate(
            fault.planned.fault,
            (fault.begun_s, 1),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=6,
            va="top",
        )
    figure.savefig(file, dpi=110)
    plt.close(figure)
