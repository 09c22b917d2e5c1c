"""Rules over sessions that can never hold, and patterns and rules whose time has passed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from rules.heuristics.conditions import Condition
from rules.heuristics.entries import PatternEntry, RuleEntry
from rules.heuristics.pack import Pack

Finding = tuple[str, str]
"""What is wrong, and what to do."""


def known_names(packs: Iterable[Pack]) -> tuple[set[str], set[str]]:
    """Ids and categories of the patterns in force."""
    entries = [entry for pack in packs for entry in pack.patterns_in_force]
    return {entry.id for entry in entries}, {entry.category for entry in entries}


def unreachable(rule: RuleEntry, ids: Collection[str], categories: Collection[str]) -> Iterator[Finding]:
    """Why a rule can never hold: it asks for what no pattern gives, or for two things that exclude each other."""
    dead = [one for one in rule.conditions if _asks_in_vain(one, ids, categories)]
    left = len(rule.conditions) - len(dead)
    if dead and left < (rule.needs or len(rule.conditions)):
        named = ", ".join(sorted({one.pattern or one.category or "" for one in dead}))
        yield f"{rule.id} can never hold: no pattern in force is or is of {named}.", "Check the name and the level."
    if rule.needs is None:
        for first, second in _pairs(rule.conditions):
            if _exclude(first, second):
                name = first.measure or first.pattern or first.category
                yield f"{rule.id} can never hold: its conditions on {name} exclude each other.", "Widen one of them."


def expired(entry: PatternEntry | RuleEntry, today: date) -> Iterator[Finding]:
    """That it is in force no longer."""
    if entry.expires is not None and entry.expires <= today:
        yield f"{entry.id} has expired on {entry.expires}.", "Take it out, or give it another day to expire."


def _asks_in_vain(one: Condition, ids: Collection[str], categories: Collection[str]) -> bool:
    if one.measure is not None or not ((one.at_least is None and one.at_most is None) or (one.at_least or 0) > 0):
        return False
    return one.pattern not in ids if one.pattern is not None else one.category not in categories


def _pairs(conditions: tuple[Condition, ...]) -> Iterator[tuple[Condition, Condition]]:
    for at, first in enumerate(conditions):
        for second in conditions[at + 1 :]:
            if (first.measure, first.pattern, first.category) == (second.measure, second.pattern, second.category):
                yield first, second


def _exclude(first: Condition, second: Condition) -> bool:
    return any(
        one.at_least is not None and other.at_most is not None and one.at_least > other.at_most
        for one, other in ((first, second), (second, first))
    )
