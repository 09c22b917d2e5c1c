"""Quality of predictions that were made before their examples were learned (prequential evaluation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

CALIBRATION_BINS = 10
"""Bins of equal width from 0 to 1."""
_LEAST_CLAIM = 1e-6
"""Least probability in a log loss: a score of exactly 0 or 1 that is wrong must not outweigh all others."""
FLAGGED_FROM = 0.5
"""Score from which an example counts as flagged."""
FALSE_POSITIVE_RATE = 0.01
"""False positive rate at which `recall` is measured. A smaller one can't be measured in a window of examples."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures over a window of predictions."""

    examples: int
    """Number of examples."""
    bad_share: float
    """Share of abuse among the labels."""
    auc: float
    """Probability that an abusive session scores above a benign one; 0.5 if there is only one class."""
    log_loss: float
    """Mean of -log(probability of the true class), in nats."""
    calibration_error: float
    """Expected calibration error: mean distance between scores and the share of abuse, in ten bins."""
    flagged_share: float
    """Share of scores of at least `FLAGGED_FROM`."""
    average_precision: float
    """Area under the precision-recall curve; equal to the share of abuse for random scores."""
    recall: float
    """Share of abuse that scores above 99 % of the benign sessions, see `recall_at`."""

    def figures(self, prefix: str) -> dict[str, float]:
        """All figures by name, as records of the models topic carry them.

        Args:
            prefix: Beginning of each name, such as `champion`.
        """
        return {f"{prefix}_{name}": float(value) for name, value in asdict(self).items()}


def measure(scores: Sequence[float], labels: Sequence[bool]) -> Quality:
    """Measures scores against labels.

    Args:
        scores: Probability of abuse of each example.
        labels: Whether each example was labelled abusive.

    Returns:
        All figures.

    Raises:
        ValueError: there are no scores.

    Example:
        >>> quality = measure([0.9, 0.8, 0.3, 0.1], [True, False, True, False])
        >>> quality.auc, quality.flagged_share, round(quality.log_loss, 3)
        (0.75, 0.5, 0.756)
    """
    if not scores:
        raise ValueError("no scores to measure")
    score, bad = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    return Quality(
        examples=len(scores),
        bad_share=float(bad.mean()),
        auc=_auc(score, bad),
        log_loss=_log_loss(score, bad),
        calibration_error=_calibration_error(score, bad),
        flagged_share=float((score >= FLAGGED_FROM).mean()),
        average_precision=_average_precision(score, bad),
        recall=recall_at(score, bad, FALSE_POSITIVE_RATE),
    )


def recall_at(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray, rate: float) -> float:
    """Recall at a false positive rate.

    An abusive example that ties with a benign one which must stay below the threshold counts as missed.

    Args:
        scores: Scores, of shape (n,).
        labels: Whether each example is abusive, of shape (n,).
        rate: False positive rate, from 0 to 1.

    Returns:
        Share of abuse that scores above all benign examples but a share of `rate`; 0 without abuse.

    Example:
        >>> recall_at([0.9, 0.7, 0.7, 0.1], [True, True, False, False], rate=0.0)
        0.5
    """
    score, bad = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    good = np.sort(score[~bad])[::-1]
    if not bad.any():
        return 0.0
    allowed = int(rate * len(good))
    return float((score[bad] > good[allowed]).mean()) if allowed < len(good) else 1.0


def precision_by_recall(
    scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The precision-recall curve.

    Args:
        scores: Scores, of shape (n,).
        labels: Whether each example is abusive, of shape (n,).

    Returns:
        Recall and precision at each distinct score, from the highest down; empty arrays without abuse.

    Example:
        >>> recall, precision = precision_by_recall([0.9, 0.5, 0.1], [True, False, True])
        >>> recall.tolist(), precision.round(2).tolist()
        ([0.5, 0.5, 1.0], [1.0, 0.5, 0.67])
    """
    score, bad = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    if not bad.any():
        return np.empty(0), np.empty(0)
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(bad[order])
    # Equal scores can't be separated by a threshold, so only the last of them is a point of the curve.
    last = np.append(np.diff(score[order]) != 0, True)
    return hits[last] / hits[-1], (hits / np.arange(1, len(score) + 1))[last]


def _auc(score: np.ndarray, bad: np.ndarray) -> float:
    """AUC by ranks, exact, a tie counts one half. River's rolling AUC is not exact with ties."""
    positives = int(bad.sum())
    negatives = len(bad) - positives
    if not positives or not negatives:
        return 0.5
    _, which, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return float((ranks[bad].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _average_precision(score: np.ndarray, bad: np.ndarray) -> float:
    recall, precision = precision_by_recall(score, bad)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def _log_loss(score: np.ndarray, bad: np.ndarray) -> float:
    claimed = np.clip(np.where(bad, score, 1.0 - score), _LEAST_CLAIM, 1.0)
    return float(-np.log(claimed).mean())


def _calibration_error(score: np.ndarray, bad: np.ndarray) -> float:
    which = np.minimum((score * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(which, weights=score - bad, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(score))
