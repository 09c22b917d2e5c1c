"""Figures of each rule: how often it holds, its precision, and both where the flag depends on it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt

from rules.heuristics.patterns import PatternInfo, Patterns, SessionRule
from rules.heuristics.weighing import weigh
from weir.contracts.session import Session

_Z = 1.96
"""Of the 95 % interval."""


@dataclass(slots=True)
class LabelCounts:
    """Numbers of human labels on sessions."""

    bad: int = 0
    good: int = 0

    @property
    def number(self) -> int:
        """Number of labels."""
        return self.bad + self.good

    @property
    def precision(self) -> float | None:
        """Share of abusive labels; None without labels."""
        return self.bad / self.number if self.number else None

    @property
    def at_least(self) -> float | None:
        """Lower bound of the precision's 95 % interval (Wilson's)."""
        if not self.number:
            return None
        share, squared = self.bad / self.number, _Z * _Z
        middle = share + squared / (2 * self.number)
        spread = _Z * sqrt(share * (1 - share) / self.number + squared / (4 * self.number**2))
        return max(0.0, (middle - spread) / (1 + squared / self.number))

    def add(self, *, is_bad: bool) -> None:
        """One more."""
        if is_bad:
            self.bad += 1
        else:
            self.good += 1


@dataclass(slots=True)
class RuleTally:
    """What was seen of one rule."""

    hits: int = 0
    """Events in which the pattern matched; sessions for which the rule over sessions holds."""
    sessions: int = 0
    alone: int = 0
    """Sessions that it alone has flagged, or would have if it were not in shadow."""
    answers: LabelCounts = field(default_factory=LabelCounts)
    answers_alone: LabelCounts = field(default_factory=LabelCounts)
    """About sessions that it alone has flagged: their precision is the marginal one."""


@dataclass(frozen=True, slots=True)
class RuleStats:
    """Figures of one rule."""

    rule: str
    version: str
    shadow: bool
    weight: float
    hits: int
    sessions: int
    share: float
    """Of all sessions."""
    alone: int
    answers: int
    precision: float | None
    answers_alone: int
    marginal_precision: float | None
    marginal_at_least: float | None
    """Lower bound of its 95 % interval."""


class Stats:
    """Counts over closed sessions, some of which have a human label."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._tallies: dict[str, RuleTally] = {}
        self.sessions = 0
        self.answers = LabelCounts()

    def take(self, session: Session, *, is_bad: bool | None = None) -> None:
        """Adds a closed session; `is_bad` is its human label, None without one."""
        self.sessions += 1
        if is_bad is not None:
            self.answers.add(is_bad=is_bad)
        for one in weigh(session, self._patterns):
            tally = self._tallies.setdefault(one.id, RuleTally())
            hits = session.heuristics.get(one.id)
            tally.hits += hits.hits if hits is not None else 1
            tally.sessions += 1
            tally.alone += one.is_alone
            if is_bad is not None:
                tally.answers.add(is_bad=is_bad)
                if one.is_alone:
                    tally.answers_alone.add(is_bad=is_bad)

    def tally(self, rule: str) -> RuleTally:
        """What was seen of a rule."""
        return self._tallies.get(rule, RuleTally())

    def rows(self, *, silent: bool = False) -> Iterator[RuleStats]:
        """Figures of each rule that held, most sessions first; with `silent` also of those that never did."""
        known: list[PatternInfo | SessionRule] = [self._patterns.info(name) for name in self._patterns.ids]
        rows = [self._row(one) for one in _weighty([*known, *self._patterns.rules])]
        yield from sorted((row for row in rows if row.sessions or silent), key=lambda row: (-row.sessions, row.rule))

    def _row(self, one: PatternInfo | SessionRule) -> RuleStats:
        tally = self.tally(one.id)
        return RuleStats(
            rule=one.id,
            version=one.version,
            shadow=one.shadow,
            weight=one.weight,
            hits=tally.hits,
            sessions=tally.sessions,
            share=tally.sessions / self.sessions if self.sessions else 0.0,
            alone=tally.alone,
            answers=tally.answers.number,
            precision=tally.answers.precision,
            answers_alone=tally.answers_alone.number,
            marginal_precision=tally.answers_alone.precision,
            marginal_at_least=tally.answers_alone.at_least,
        )


def _weighty(rules: Iterable[PatternInfo | SessionRule]) -> list[PatternInfo | SessionRule]:
    return [one for one in rules if one.weight]
