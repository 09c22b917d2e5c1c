"""Figures of each rule on the newest sessions of the store: hits, precision and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rules.heuristics.cost import Costs
from rules.heuristics.pack import Pack, PatternEntry, SessionRuleEntry
from rules.heuristics.patterns import IN_PROSE, PatternInfo, Patterns, SessionRule
from rules.heuristics.stats import RuleStats, Stats
from weir.console.judged import decoded, judged, labels, newest
from weir.console.store.reading import StoreReader

SORTED_BY = (
    *("sessions", "rule", "category", "weight", "hits", "alone", "answers", "precision"),
    *("marginal_precision", "cost_us"),
)
_KEPT_COSTS = 4
_costs_of: dict[tuple[tuple[str, str], ...], Mapping[str, float]] = {}
"""Costs of patterns by the versions of their packs, on which alone costs depend."""


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """A pattern or rule in force, with its figures."""

    info: PatternInfo | SessionRule
    kind: Literal["pattern", "session rule"]
    row: RuleStats | None
    """None for signs without weight, which are no evidence and are not counted."""
    cost_us: float | None
    """Of a pattern: microseconds for each text."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Figures of all rules."""

    rules: Mapping[str, RuleSeen]
    sessions: int
    answered: int
    """Number of these sessions with human labels."""


def prepared(store: StoreReader, patterns: Patterns) -> Callable[[], Worth]:
    """Reads the store, and returns a function that computes the figures of all rules without reading it."""
    rows, label_rows = newest(store), labels(store)

    def compute() -> Worth:
        stats = Stats(patterns)
        for one in judged(decoded(rows), label_rows):
            stats.take(one.session, is_bad=one.is_bad)
        figures = {row.rule: row for row in stats.rows(silent=True)}
        costs = _costs(patterns)
        seen = [
            *(
                RuleSeen(info, "pattern", figures.get(info.id), costs.get(info.id))
                for info in map(patterns.info, patterns.ids)
            ),
            *(RuleSeen(rule, "session rule", figures.get(rule.id), None) for rule in patterns.rules),
        ]
        return Worth({one.info.id: one for one in seen}, stats.sessions, stats.answers.number)

    return compute


def in_order(rules: Sequence[RuleSeen], by: str) -> list[RuleSeen]:
    """Rules in an order: texts ascending, numbers descending, and unknown values last."""
    if by in {"rule", "category"}:
        return sorted(rules, key=lambda one: (one.info.category if by == "category" else "", one.info.id))

    def value(one: RuleSeen) -> float | None:
        if by == "weight":
            return one.info.weight
        return one.cost_us if by == "cost_us" else getattr(one.row, by, None)

    def key(one: RuleSeen) -> tuple[bool, float, str]:
        found = value(one)
        return found is None, -(found or 0.0), one.info.id

    return sorted(rules, key=key)


def entry_of(patterns: Patterns, rule: str) -> tuple[Pack, PatternEntry | SessionRuleEntry] | None:
    """A rule's pack and entry; of a pattern's variant for prose, the pattern's entry."""
    for pack in patterns.packs:
        entries: list[PatternEntry | SessionRuleEntry] = [*pack.patterns_in_force, *pack.rules_in_force]
        for entry in entries:
            if entry.id in {rule, rule.removesuffix(IN_PROSE)}:
                return pack, entry
    return None


def _costs(patterns: Patterns) -> Mapping[str, float]:
    key = tuple(patterns.versions.items())
    if key not in _costs_of:
        entries = {entry.id: entry for pack in patterns.packs for entry in pack.patterns_in_force}
        costs = Costs(entries.values())
        while len(_costs_of) >= _KEPT_COSTS:
            del _costs_of[next(iter(_costs_of))]
        _costs_of[key] = {name: costs.mean_us(entry) for name, entry in entries.items()}
    return _costs_of[key]
