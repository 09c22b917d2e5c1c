"""Evidence: what patterns say together, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable

from weir.contracts.flag import Verdict

THRESHOLDS: tuple[tuple[float, Verdict], ...] = ((0.9, "block"), (0.7, "throttle"), (0.5, "review"))


def evidence(weights: Iterable[float]) -> float:
    """1 - product of (1 - weight): the chance that one of several independent signs is right."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1.0 - weight
    return round(1.0 - doubt, 9)


def verdict_of(value: float, thresholds: tuple[tuple[float, Verdict], ...] = THRESHOLDS) -> Verdict:
    """The verdict of the first threshold that is reached; thresholds fall."""
    return next((verdict for threshold, verdict in thresholds if value >= threshold), "allow")
