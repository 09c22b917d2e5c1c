"""Rules over sessions that can never hold, and patterns and rules whose time has passed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from rules.heuristics.conditions import Condition
from rules.heuristics.entries import PatternEntry, SessionRuleEntry
from rules.heuristics.pack import Pack

Finding = tuple[str, str]
"""What is wrong, and what to do."""


def known_names(packs: Iterable[Pack]) -> tuple[set[str], set[str]]:
    """Ids and categories of the patterns in force."""
    entries = [entry for pack in packs for entry in pack.patterns_in_force]
    return {entry.id for entry in entries}, {entry.category for entry in entries}


def unreachable(rule: SessionRuleEntry, ids: Collection[str], categories: Collection[str]) -> Iterator[Finding]:
    """Reasons why a rule can never hold: no pattern has the id or category that it asks for.

    Conditions that exclude each other are found by the rule's examples, none of which can hold.
    """
    dead = [one for one in rule.conditions if _asks_in_vain(one, ids, categories)]
    left = len(rule.conditions) - len(dead)
    if dead and left < (rule.needs or len(rule.conditions)):
        named = ", ".join(sorted({one.pattern or one.category or "" for one in dead}))
        yield f"{rule.id} can never hold: no pattern in force is or is of {named}.", "Check the name and the level."


def expired(entry: PatternEntry | SessionRuleEntry, today: date) -> Iterator[Finding]:
    """That it is in force no longer."""
    if entry.is_expired(today):
        yield f"{entry.id} has expired on {entry.expires}.", "Take it out, or give it another day to expire."


def _asks_in_vain(one: Condition, ids: Collection[str], categories: Collection[str]) -> bool:
    if one.measure is not None or not ((one.at_least is None and one.at_most is None) or (one.at_least or 0) > 0):
        return False
    return one.pattern not in ids if one.pattern is not None else one.category not in categories
