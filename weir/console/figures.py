"""Curves and histograms of scores: plain functions from scores to points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from models.gate.quality import CALIBRATION_BINS, precision_by_recall
from weir.contracts.model_record import Decision, Snapshot

LEAST_ANSWERS = 10
"""Below so many, a curve shows chance."""
MOST_POINTS = 100
"""Of a curve: more can't be distinguished."""
GATE = "gate"
"""Who decides where no person does."""
ROLES = ("candidate", "champion", "baseline")
Point = tuple[float, float]
Scored = Sequence[tuple[float, bool]]
"""Scores, each with whether the session was bad."""


def calibration(scored: Scored) -> list[Point]:
    """Of each tenth of the scores: their mean, and the share that was bad. Nothing below `LEAST_ANSWERS`."""
    if len(scored) < LEAST_ANSWERS:
        return []
    inside: list[list[tuple[float, bool]]] = [[] for _ in range(CALIBRATION_BINS)]
    for score, is_bad in scored:
        inside[_bin(score)].append((score, is_bad))
    return [
        (sum(score for score, _ in own) / len(own), sum(is_bad for _, is_bad in own) / len(own))
        for own in inside
        if own
    ]


def precision_recall(scored: Scored) -> list[Point]:
    """Recall and precision at each score that occurs, from the highest down.

    Nothing below `LEAST_ANSWERS`, or where no session was bad.
    """
    if len(scored) < LEAST_ANSWERS:
        return []
    recall, precision = precision_by_recall([score for score, _ in scored], [is_bad for _, is_bad in scored])
    points = [(float(x), float(y)) for x, y in zip(recall, precision, strict=True)]
    step = max(1, len(points) // MOST_POINTS)
    kept = points[::step]
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def histogram(scores: Iterable[float]) -> list[Point]:
    """Of each tenth of the scores: its middle, and the share of the scores that lie in it; empty without any."""
    counts = [0] * CALIBRATION_BINS
    for score in scores:
        counts[_bin(score)] += 1
    whole = sum(counts)
    if not whole:
        return []
    return [((at + 0.5) / CALIBRATION_BINS, count / whole) for at, count in enumerate(counts)]


def moved(before: Sequence[Point], after: Sequence[Point]) -> float | None:
    """The share of scores that lie in another tenth than before; None where either is empty."""
    if not before or not after:
        return None
    return sum(abs(one[1] - other[1]) for one, other in zip(before, after, strict=True)) / 2


def learning(decisions: Iterable[Decision], figure: str) -> dict[str, list[Point]]:
    """How a figure of candidate, champion and baseline went: at each decision that tells it, by its number."""
    found: dict[str, list[Point]] = {}
    for one in sorted(decisions, key=lambda one: one.number):
        # A person's decision repeats the figures of the version's snapshot: they are of another time.
        if one.kind in {"promotion", "rollback"} and one.decided_by != GATE:
            continue
        for role in ROLES:
            value = one.figures.get(f"{role}_{figure}")
            if value is not None and math.isfinite(value):
                found.setdefault(role, []).append((float(one.number), value))
    return {role: points[-MOST_POINTS:] for role, points in found.items()}


def by_examples(snapshots: Iterable[Snapshot], figure: str) -> list[Point]:
    """How a figure went with the examples that versions have learned."""
    found = {
        (float(one.examples), value)
        for one in snapshots
        if (value := one.figures.get(f"candidate_{figure}")) is not None and math.isfinite(value)
    }
    return sorted(found)[-MOST_POINTS:]


def _bin(score: float) -> int:
    return min(CALIBRATION_BINS - 1, max(0, int(score * CALIBRATION_BINS)))
