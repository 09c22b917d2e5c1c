"""Curves and histograms of scores: plain functions from scores to points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from models.gate.quality import CALIBRATION_BINS, precision_by_recall
from weir.contracts.model_record import Decision, Snapshot

LEAST_ANSWERS = 10
"""Least number of labelled scores for a curve; a curve of fewer would be mostly chance."""
MOST_POINTS = 100
"""Most points of a curve; more can't be distinguished."""
GATE = "gate"
"""Authors of decisions that are not people."""
ROLES = ("candidate", "champion", "baseline")
Point = tuple[float, float]
Scored = Sequence[tuple[float, bool]]
"""Scores, each with whether the session was bad."""


def calibration(scored: Scored) -> list[Point]:
    """For each tenth of the scores: their mean, and the share of abusive sessions. Empty below `LEAST_ANSWERS`."""
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

    Empty below `LEAST_ANSWERS`, or if no session was abusive.
    """
    if len(scored) < LEAST_ANSWERS:
        return []
    recall, precision = precision_by_recall([score for score, _ in scored], [is_bad for _, is_bad in scored])
    points = [(float(x), float(y)) for x, y in zip(recall, precision, strict=True)]
    step = max(1, len(points) // MOST_POINTS)
    kept = points[::step]
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def histogram(scores: Iterable[float]) -> list[Point]:
    """For each tenth of the scores: its middle, and its share of the scores; empty without scores."""
    counts = [0] * CALIBRATION_BINS
    for score in scores:
        counts[_bin(score)] += 1
    whole = sum(counts)
    if not whole:
        return []
    return [((at + 0.5) / CALIBRATION_BINS, count / whole) for at, count in enumerate(counts)]


def moved(before: Sequence[Point], after: Sequence[Point]) -> float | None:
    """The share of scores that moved to another tenth; None if either histogram is empty."""
    if not before or not after:
        return None
    return sum(abs(one[1] - other[1]) for one, other in zip(before, after, strict=True)) / 2


def learning(decisions: Iterable[Decision], figure: str) -> dict[str, list[Point]]:
    """A figure of candidate, champion and baseline at each decision that has it, by the decision's number."""
    found: dict[str, list[Point]] = {}
    for one in sorted(decisions, key=lambda one: one.number):
        # Left out, since a person's decision repeats the figures of the version's snapshot, which are older.
        if one.kind in {"promotion", "rollback"} and one.decided_by != GATE:
            continue
        for role in ROLES:
            value = one.figures.get(f"{role}_{figure}")
            if value is not None and math.isfinite(value):
                found.setdefault(role, []).append((float(one.number), value))
    return {role: points[-MOST_POINTS:] for role, points in found.items()}


def by_examples(snapshots: Iterable[Snapshot], figure: str) -> list[Point]:
    """A figure of versions by the number of examples that they have learned."""
    found = {
        (float(one.examples), value)
        for one in snapshots
        if (value := one.figures.get(f"candidate_{figure}")) is not None and math.isfinite(value)
    }
    return sorted(found)[-MOST_POINTS:]


def _bin(score: float) -> int:
    return min(CALIBRATION_BINS - 1, max(0, int(score * CALIBRATION_BINS)))
