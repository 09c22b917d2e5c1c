"""Counts of a partition's input records by outcome. The number of input records is always the sum of all outcomes."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from streams.sessionize.caps import KNOWN_TYPES, OTHER
from streams.task import Effects
from weir.metric_names import CounterName

OUTCOMES = ("folded", "duplicate", "late", "dead_letter", "rekeyed", "watermark")
TIMED_EVERY = 16
"""The time of limits and patterns is measured at every so manieth event, and scaled up."""
_CHANGES = ("opened", "closed", "merged", "split")


class Accounts(msgspec.Struct):
    """Counts since the partition's beginning. They are part of the state, and a replay must reproduce them."""

    input: int = 0
    folded: int = 0
    duplicate: int = 0
    late: int = 0
    dead_letter: int = 0
    rekeyed: int = 0
    watermark: int = 0
    clamped: int = 0
    opened: int = 0
    closed: int = 0
    """Sessions closed by the watermark."""
    merged: int = 0
    split: int = 0
    revisions: int = 0
    """Session records published."""

    @property
    def is_balanced(self) -> bool:
        """Whether every input record has exactly one outcome."""
        return bool(self.input == sum(getattr(self, outcome) for outcome in OUTCOMES))

    @property
    def open(self) -> int:
        """Number of open sessions."""
        return self.opened - self.closed - self.merged - self.split


class FoldTally:
    """Further counts of one call of `process`, for metrics."""

    __slots__ = ("limits", "limits_s", "patterns", "patterns_s", "reasons", "rules", "types")

    def __init__(self) -> None:
        self.types: defaultdict[str, int] = defaultdict(int)
        """By event type as received."""
        self.limits: defaultdict[str, int] = defaultdict(int)
        """By id of the budget that was crossed."""
        self.patterns: defaultdict[tuple[str, str], int] = defaultdict(int)
        """By pack and category."""
        self.rules: defaultdict[str, int] = defaultdict(int)
        """By pattern."""
        self.reasons: defaultdict[str, int] = defaultdict(int)
        """By reason of the dead letter."""
        self.limits_s = 0.0
        """Time spent on budgets."""
        self.patterns_s = 0.0
        """Time spent on patterns."""


def report(effects: Effects, before: Accounts, after: Accounts, tally: FoldTally) -> None:
    """Adds the counts of one call of `process` to the metrics."""
    for outcome in OUTCOMES:
        _count(effects, getattr(after, outcome) - getattr(before, outcome), "events", outcome)
    for change in _CHANGES:
        _count(effects, getattr(after, change) - getattr(before, change), "sessions", change)
    _count(effects, after.clamped - before.clamped, "events_clamped")
    _count(effects, after.revisions - before.revisions, "session_revisions")
    for kind, count in tally.types.items():
        effects.count("events_by_type", kind if kind in KNOWN_TYPES else OTHER, by=count)
    for budget, count in tally.limits.items():
        effects.count("limits_crossed", "visitor", budget, by=count)
    for (pack, category), count in tally.patterns.items():
        effects.count("pattern_hits", pack, category, by=count)
    for rule, count in tally.rules.items():
        effects.count("rule_hits", rule, by=count)
    for reason, count in tally.reasons.items():
        effects.count("dead_letters", reason, by=count)
    if tally.types:
        effects.count("cascade_seconds", "rate_limit", by=tally.limits_s)
        effects.count("cascade_seconds", "heuristics", by=tally.patterns_s)


def _count(effects: Effects, by: int, metric: CounterName, *labels: str) -> None:
    if by:
        effects.count(metric, *labels, by=by)
