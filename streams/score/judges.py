"""What the stages of the cascade judge by, as one value."""

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
    """What the stages of the cascade judge by."""

    patterns: Patterns
    """Explain the hits in sessions."""
    budgets: Budgets
    """Explain limits."""
    business: BusinessRules
    champion: ChampionHolder
    """Scores; the champion may be swapped between any two sessions."""
    shared: SharedVerdicts
    """Verdicts on addresses and accounts, over all partitions."""
    packs_of: Callable[[Mapping[str, str] | None], Patterns] | None = None
    """Gives the patterns in the versions that a session was folded by, which then judge it, and those in force for a
    session that names none (None); without it `patterns` judge all sessions."""
