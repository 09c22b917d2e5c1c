from __future__ import annotations

from typing import Any

from streams.replay.learning import LABELS_PER_POINT, FlaggedShares, LearningCurve
from tests.support.examples import easy_example
from weir.contracts import Flag, TrainingExample


def flag(session_id: str, stage: str, verdict: str = "block") -> Flag:
    fields: dict[str, Any] = {
        "flag_id": "f",
        "session_id": session_id,
        "visitor_id": "v",
        "revision": 1,
        "ts": 1.0,
        "verdict": verdict,
        "stage": stage,
        "reasons": [],
        "score": None,
        "model": None,
        "features_hash": None,
        "latency_ms": 0.0,
        "shadow": [],
    }
    return Flag.model_validate(fields)


def answer(session_id: str, verdict: str | None, *, bad: bool) -> TrainingExample:
    changed = {"session_id": session_id, "verdict": verdict, "label": "bad" if bad else "good"}
    return easy_example(1).model_copy(update=changed)


def test_what_the_model_alone_flagged_would_be_missed_without_it() -> None:
    curve = LearningCurve()
    assert curve.totals() == (FlaggedShares(None, None), FlaggedShares(None, None))
    curve.add_flag(flag("by-rules", "heuristics"))
    curve.add_flag(flag("by-model", "model"))
    curve.add_flag(flag("taken-back", "heuristics", "allow"))
    curve.add_flag(flag("by-rules", "people", "allow"))
    curve.add_label(answer("by-rules", "block", bad=True))
    curve.add_label(answer("by-model", "block", bad=True))
    curve.add_label(answer("taken-back", "allow", bad=False))
    curve.add_label(answer("never-flagged", None, bad=True))
    with_learning, without = curve.totals()
    assert (with_learning.recall, without.recall) == (0.6667, 0.3333)
    assert (with_learning.false_positives, without.false_positives) == (0.0, 0.0)


def test_the_curve_has_a_point_every_so_many_answers() -> None:
    curve = LearningCurve()
    for number in range(5 * LABELS_PER_POINT):
        curve.add_label(answer(f"s{number}", "block" if number >= 2 * LABELS_PER_POINT else None, bad=True))
    assert [point.answers for point in curve.points] == [LABELS_PER_POINT * n for n in range(1, 6)]
    assert [point.with_learning.recall for point in curve.points] == [0.0, 0.0, 0.3333, 0.5, 0.6]
