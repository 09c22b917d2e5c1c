"""Figures of the published scores, and drift of their distribution: read from the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from weir.console.figures import Point, calibration, histogram, moved, precision_recall
from weir.console.judged import answered, labels, scored
from weir.console.store.reading import StoreReader
from weir.contracts.label import kind_of

DAY_S = 86_400.0
DAYS_BEFORE = 7
MOST_SCORES = 5_000
"""Most scores of each of the two windows."""
LEAST_SCORES = 100
"""Least scores of each window; a histogram of fewer moves by chance."""
MOST_LABELS = 50_000
MOST_SOURCES = 40


@dataclass(frozen=True, slots=True)
class ScoreFigures:
    """Figures of scores and labels for the page of models."""

    answers: int
    """Served scores of sessions with human labels."""
    bad: int
    calibration: Sequence[Point]
    precision: Sequence[Point]
    today: Sequence[Point]
    """Empty, as `before`, if either window has too few scores."""
    before: Sequence[Point]
    moved: float | None
    sources: Mapping[tuple[str, str], Mapping[str, int]]
    """Kind and source to label to how many of the newest."""
    labels: int


def prepared(store: StoreReader, now_s: float) -> Callable[[], ScoreFigures]:
    """Reads the store, and returns a function that computes the figures without reading it."""
    rows, label_rows = answered(store), labels(store)
    today = _scores(store, now_s - DAY_S, now_s + DAY_S)
    before = _scores(store, now_s - (1 + DAYS_BEFORE) * DAY_S, now_s - DAY_S)
    counted = store.rows(
        "SELECT source, label, count(*) AS number FROM (SELECT source, label FROM labels ORDER BY told_s DESC LIMIT ?)"
        " GROUP BY source, label ORDER BY number DESC",
        (MOST_LABELS,),
    )

    def compute() -> ScoreFigures:
        points = scored(rows, label_rows)
        sources: dict[tuple[str, str], dict[str, int]] = {}
        for row in counted:
            key = kind_of(row["source"]), row["source"]
            if key not in sources and len(sources) >= MOST_SOURCES:
                key = kind_of(row["source"]), "all others"
            of_source = sources.setdefault(key, {})
            of_source[row["label"]] = of_source.get(row["label"], 0) + row["number"]
        is_enough = min(len(today), len(before)) >= LEAST_SCORES
        now, then = (histogram(today), histogram(before)) if is_enough else ([], [])
        return ScoreFigures(
            answers=len(points),
            bad=sum(is_bad for _, is_bad in points),
            calibration=calibration(points),
            precision=precision_recall(points),
            today=now,
            before=then,
            moved=moved(then, now),
            sources=sources,
            labels=sum(row["number"] for row in counted),
        )

    return compute


def _scores(store: StoreReader, from_s: float, to_s: float) -> list[float]:
    rows = store.rows(
        "SELECT score FROM sessions WHERE end_s >= ? AND end_s < ? AND score IS NOT NULL ORDER BY end_s DESC LIMIT ?",
        (from_s, to_s, MOST_SCORES),
    )
    return [row["score"] for row in rows]
