"""When a rule may leave the shadow, and its pack's YAML once it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from rules.document import Document, parse_document
from rules.heuristics.pack import Pack
from rules.heuristics.stats import LabelCounts, RuleTally
from rules.problems import Problem
from weir.errors import UsageError


@dataclass(frozen=True, slots=True)
class GraduationCriteria:
    """Figures that a rule in shadow needs before it may count."""

    answers: int = 10
    """Human labels on sessions that it alone would flag; if there are none, on all sessions where it holds."""
    precision: float | None = None
    """Of these; the rule's weight unless given, since that is what a weight claims."""
    at_least: float = 0.5
    """What the lower bound of that precision's 95 % interval must reach."""
    share: float = 0.01
    """Of all sessions that it alone would flag, at most."""


def failures(tally: RuleTally, sessions: int, weight: float, bar: GraduationCriteria) -> Iterator[str]:
    """Why the rule may not graduate; nothing if it may."""
    judged, what = _judged(tally)
    if judged.number < bar.answers:
        yield f"people have answered about {judged.number} sessions {what}, and {bar.answers} are needed"
    elif judged.precision is not None and judged.at_least is not None:
        wanted = weight if bar.precision is None else bar.precision
        if judged.precision < wanted:
            yield f"{judged.precision:.0%} of the sessions {what} were bad, less than {wanted:.0%}"
        if judged.at_least < bar.at_least:
            yield f"it may be right in as few as {judged.at_least:.0%} of the sessions {what}"
    if sessions and tally.alone / sessions > bar.share:
        yield f"it alone would flag {tally.alone / sessions:.2%} of all sessions, more than {bar.share:.2%}"


def out_of_shadow(pack: Pack, rule: str) -> str:
    """The pack's YAML with `shadow: false` for the rule; all else stays as it was written.

    Raises:
        UsageError: the pack has no such rule, or it is not in shadow.
    """
    text = pack.source
    document = parse_document(pack.name, text)
    place = None if isinstance(document, Problem) else _shadow_of(document, rule)
    if place is None:
        raise UsageError(f"{rule} is not in shadow.", "`weir rules stats` shows which rules are.")
    return f"{text[: place.start_mark.index]}false{text[place.end_mark.index :]}"


def _judged(tally: RuleTally) -> tuple[LabelCounts, str]:
    if tally.alone:
        return tally.answers_alone, "that it alone would flag"
    return tally.answers, "where it holds"


def _shadow_of(document: Document, rule: str) -> yaml.Node | None:
    for kind in ("patterns", "rules"):
        listed = document.value.get(kind) or []
        for position, row in enumerate(listed):
            if row.get("id") == rule and row.get("shadow") is True:
                return document.node(kind, position, "shadow")
    return None
