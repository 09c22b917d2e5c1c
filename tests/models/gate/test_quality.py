from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.gate.quality import measure, recall_at

SCORED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()), min_size=1)


@given(SCORED)
def test_auc_is_the_share_of_pairs_in_the_right_order(scored: list[tuple[float, bool]]) -> None:
    bad = [score for score, label in scored if label]
    good = [score for score, label in scored if not label]
    pairs = [(b > g) + (b == g) / 2 for b in bad for g in good]
    expected = sum(pairs) / len(pairs) if pairs else 0.5
    assert measure([s for s, _ in scored], [y for _, y in scored]).auc == pytest.approx(expected)


@given(SCORED)
def test_every_figure_is_finite_and_in_its_bounds(scored: list[tuple[float, bool]]) -> None:
    quality = measure([s for s, _ in scored], [y for _, y in scored])
    assert all(math.isfinite(figure) for figure in quality.figures("x").values())
    assert 0 <= quality.calibration_error <= 1
    assert quality.log_loss >= 0


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    assert measure([0.25] * 4, [True, False, False, False]).calibration_error == pytest.approx(0)
    assert measure([0.75] * 4, [True, False, False, False]).calibration_error == pytest.approx(0.5)


def test_log_loss_is_the_mean_surprise() -> None:
    assert measure([0.5, 0.5], [True, False]).log_loss == pytest.approx(math.log(2))


def test_nothing_can_not_be_measured() -> None:
    with pytest.raises(ValueError, match="no scores"):
        measure([], [])


@given(SCORED)
def test_average_precision_is_the_mean_precision_at_the_bad_ones(scored: list[tuple[float, bool]]) -> None:
    scores, labels = [s for s, _ in scored], [y for _, y in scored]
    bad = [score for score, label in scored if label]
    at = [sum(y for s, y in scored if s >= score) / sum(s >= score for s in scores) for score in bad]
    expected = sum(at) / len(bad) if bad else 0.0
    assert measure(scores, labels).average_precision == pytest.approx(expected)


@given(SCORED, st.floats(0, 0.99))
def test_recall_keeps_within_the_false_positives_allowed(scored: list[tuple[float, bool]], rate: float) -> None:
    scores, labels = [s for s, _ in scored], [y for _, y in scored]
    good = [score for score, label in scored if not label]
    bad = [score for score, label in scored if label]
    thresholds = [t for t in [-1.0, *scores] if sum(score > t for score in good) <= rate * len(good)]
    best = max((sum(score > t for score in bad) / max(len(bad), 1) for t in thresholds), default=0.0)
    assert recall_at(scores, labels, rate) == pytest.approx(best)
