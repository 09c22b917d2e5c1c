"""What `weir replay` prints at its end."""

from __future__ import annotations

from collections.abc import Mapping

from streams.replay.summary import Summary
from weir.cli.output import cell, show

SHOWN = 15


def show_summary(summary: Summary) -> None:
    """Prints the summary as tables."""
    _counts("Input", _input(summary))
    _counts("Sessions", _sessions(summary))
    show(
        [verdicts.model_dump() for verdicts in summary.verdicts],
        ("stage", "verdict", "sessions"),
        title="\nFlags: sessions by their last verdict",
        empty="\nNo session was flagged.",
    )
    if summary.reasons:
        rows = [reason.model_dump() for reason in summary.reasons]
        show(rows, ("id", "sessions", "text"), title="\nReasons")
    if summary.crawlers:
        rows = [crawler.model_dump() for crawler in summary.crawlers[:SHOWN]]
        show(rows, ("name", "sessions", "events"), title=_crawlers_title(summary))
    _counts("Limits crossed", summary.limits)
    _counts("Dead letters by reason", summary.dead_letters)
    _counts("Learned", _learned(summary))


def _counts(title: str, counts: Mapping[str, object]) -> None:
    if counts:
        show([{"": name, "count": count} for name, count in counts.items()], ("", "count"), title=f"\n{title}")


def _input(summary: Summary) -> dict[str, object]:
    unreadable = {"unreadable: dead-lettered": summary.unreadable} if summary.unreadable else {}
    clamped = {"(of them ahead of the clock, clamped)": summary.clamped} if summary.clamped else {}
    return {"lines": summary.lines} | unreadable | dict(summary.events) | clamped


def _sessions(summary: Summary) -> dict[str, object]:
    endings = {f"ended by {ending}": count for ending, count in summary.sessions.items()}
    return endings | {"still open": summary.still_open, "records published": summary.revisions}


def _crawlers_title(summary: Summary) -> str:
    events = sum(crawler.events for crawler in summary.crawlers)
    shown = f", the first {SHOWN} of {len(summary.crawlers)}" if len(summary.crawlers) > SHOWN else ""
    return f"\nCrawlers that name themselves ({cell(events)} events{shown})"


def _learned(summary: Summary) -> dict[str, object]:
    learning = summary.learning
    shown: dict[str, object] = {f"examples: {kind}": count for kind, count in learning.examples.items()}
    shown |= {f"decisions: {decision}": count for decision, count in learning.decisions.items()}
    if learning.auc is not None:
        shown["AUC of scores as given, on people's labels"] = learning.auc
    return shown
