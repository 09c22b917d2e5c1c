"""The summary that `weir replay` prints at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from streams.replay.summary import FlaggedClient, ReplaySummary
from weir.cli.output import cell, console, show
from weir.cli.rules_files import cut

SHOWN = 15


def show_summary(summary: ReplaySummary) -> None:
    """Prints the summary as tables."""
    _counts("Input", _input(summary))
    _counts("Sessions", _sessions(summary))
    _table("Flags: sessions by their last verdict", summary.verdicts, ("stage", "verdict", "sessions"))
    _table("Clients with the strongest flags", _cut_agents(summary), ("verdict", "ip", "events", "user_agent"))
    _table("Reasons", summary.reasons, ("id", "sessions", "text"))
    _table(_crawlers_title(summary), summary.crawlers[:SHOWN], ("name", "sessions", "events"))
    _counts("Limits crossed", summary.limits)
    _counts("Dead letters by reason", summary.dead_letters)
    _counts("Learned", _learned(summary))


def _cut_agents(summary: ReplaySummary) -> list[FlaggedClient]:
    return [one.model_copy(update={"user_agent": cut(one.user_agent or "")}) for one in summary.flagged]


def _table(title: str, rows: Sequence[BaseModel], columns: Sequence[str]) -> None:
    if rows:
        console().print(f"\n[bold]{title}[/bold]")
        show([row.model_dump() for row in rows], columns)


def _counts(title: str, counts: Mapping[str, object]) -> None:
    if counts:
        console().print(f"\n[bold]{title}[/bold]")
        show([{"": name, "count": count} for name, count in counts.items()], ("", "count"))


def _input(summary: ReplaySummary) -> dict[str, int]:
    unreadable = {"unreadable: dead-lettered": summary.unreadable} if summary.unreadable else {}
    clamped = {"(of them ahead of the clock, clamped)": summary.clamped} if summary.clamped else {}
    return {"lines": summary.lines} | unreadable | dict(summary.events) | clamped


def _sessions(summary: ReplaySummary) -> dict[str, int]:
    endings = {f"ended by {ending}": count for ending, count in summary.sessions.items()}
    return endings | {"still open": summary.still_open, "records published": summary.revisions}


def _crawlers_title(summary: ReplaySummary) -> str:
    events = sum(crawler.events for crawler in summary.crawlers)
    shown = f", the first {SHOWN} of {len(summary.crawlers)}" if len(summary.crawlers) > SHOWN else ""
    return f"Crawlers that name themselves ({cell(events)} events{shown})"


def _learned(summary: ReplaySummary) -> dict[str, object]:
    learning = summary.learning
    shown: dict[str, object] = {f"examples: {kind}": count for kind, count in learning.examples.items()}
    shown |= {f"decisions: {decision}": count for decision, count in learning.decisions.items()}
    if learning.auc is not None:
        shown["AUC of the published scores, on human labels"] = learning.auc
    if learning.recall is not None:
        shown["flagged of sessions with the human label bad: with learning"] = learning.recall
        shown["flagged of sessions with the human label bad: without"] = learning.recall_without
    if learning.false_positives is not None:
        shown["flagged of sessions with the human label good: with learning"] = learning.false_positives
        shown["flagged of sessions with the human label good: without"] = learning.false_positives_without
    return shown
