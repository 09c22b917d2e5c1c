"""Evidence: the combined weight of patterns and rules, and the verdict that follows.

A weight is the chance that a session of which nothing else is known is abuse, once this one sign holds. Signs of
different groups are taken to err independently: the evidence is the chance that not all of them err, 1 - product of
(1 - weight). Signs of one group have the same cause; only the strongest of them counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weir.contracts.flag import Verdict

THRESHOLDS: tuple[tuple[float, Verdict], ...] = ((0.9, "block"), (0.7, "throttle"), (0.5, "review"))


@dataclass(frozen=True, slots=True)
class Sign:
    """One indication of abuse in a session."""

    id: str
    version: str
    """Of its pack."""
    weight: float
    group: str | None
    reason: str


def evidence(weights: Iterable[float]) -> float:
    """1 - product of (1 - weight): the chance that one of several independent signs is right."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1.0 - weight
    return round(1.0 - doubt, 9)


def grouped_evidence(signs: Iterable[Sign]) -> float:
    """The evidence of the signs, of each group the strongest alone."""
    weights: list[float] = []
    strongest: dict[str, float] = {}
    for sign in signs:
        if sign.group is None:
            weights.append(sign.weight)
        else:
            strongest[sign.group] = max(sign.weight, strongest.get(sign.group, 0.0))
    # In a fixed order: the last digits of a product of floats depend on it, and rounding could show them.
    return evidence(sorted([*weights, *strongest.values()]))


def verdict_of(value: float, thresholds: tuple[tuple[float, Verdict], ...] = THRESHOLDS) -> Verdict:
    """The verdict of the first threshold that is reached; thresholds fall."""
    return next((verdict for threshold, verdict in thresholds if value >= threshold), "allow")
