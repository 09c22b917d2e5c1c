"""Patterns, budgets, rules and models by which the stages of the cascade judge, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.serving.champion import ChampionHolder
from rules.business.rules import BusinessRules
from rules.heuristics.patterns import Patterns
from rules.limits.budgets import Budgets
from rules.limits.verdicts import SharedVerdicts


@dataclass(frozen=True, slots=True)
class Judges:
    """Patterns, budgets, rules and models by which the stages of the cascade judge."""

    patterns: Patterns
    """Patterns in force; they explain the hits of a session."""
    budgets: Budgets
    """Budgets in force; they explain crossed limits."""
    business: BusinessRules
    champion: ChampionHolder
    """Holds the champion, which may be swapped between any two sessions."""
    shared: SharedVerdicts
    """Verdicts on addresses and accounts, over all partitions."""
    packs_of: Callable[[Mapping[str, str] | None], Patterns] | None = None
    """Returns the patterns in the pack versions that a session names; for None, those in force. Without this function,
    `patterns` judge all sessions."""
