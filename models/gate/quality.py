"""How good predictions were: each was made before its example was learned (prequential evaluation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

CALIBRATION_BINS = 10
_LEAST_CLAIM = 1e-6
FLAGGED_FROM = 0.5
"""A score that would be acted on, for the share flagged."""
FALSE_POSITIVE_RATE = 0.01
"""Share of good sessions that may be called bad, for `recall`: few enough to act on, enough to be seen in a window."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures over a stretch of predictions."""

    examples: int
    bad_share: float
    """Share of abuse among the labels."""
    auc: float
    """Probability that an abusive session scores above a good one; one half where there is only one kind."""
    log_loss: float
    """Mean surprise, in nats."""
    calibration_error: float
    """Expected calibration error: how far scores are from the rates that they claim, in ten bins."""
    flagged_share: float
    """Share of scores of at least one half."""
    average_precision: float
    """Area under the curve of precision by recall; the share of abuse where scores say nothing."""
    recall: float
    """Share of abuse above the score that one good session in a hundred lies above."""

    def figures(self, prefix: str) -> dict[str, float]:
        """All of them by name, as records of the models topic carry them."""
        return {f"{prefix}_{name}": float(value) for name, value in asdict(self).items()}


def measure(scores: Sequence[float], labels: Sequence[bool]) -> Quality:
    """The quality of scores against what turned out to be bad.

    Raises:
        ValueError: there is nothing to measure.
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
    """Share of the bad that score above all good ones but a share of `rate`; 0 without a bad one.

    Ties are no recall: where a good one that may not be called bad has the same score, the bad one is missed.
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
    """Recall and precision at every score that occurs, from the highest down; empty without a bad one."""
    score, bad = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    if not bad.any():
        return np.empty(0), np.empty(0)
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(bad[order])
    # Of equal scores only the last is a threshold that can be set.
    last = np.append(np.diff(score[order]) != 0, True)
    return hits[last] / hits[-1], (hits / np.arange(1, len(score) + 1))[last]


def _auc(score: np.ndarray, bad: np.ndarray) -> float:
    """By ranks, exact, ties counting one half (River's rolling AUC is not exact with ties)."""
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
    # A single score of exactly 0 or 1 that is wrong must not outweigh all others for ever.
    claimed = np.clip(np.where(bad, score, 1.0 - score), _LEAST_CLAIM, 1.0)
    return float(-np.log(claimed).mean())


def _calibration_error(score: np.ndarray, bad: np.ndarray) -> float:
    which = np.minimum((score * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(which, weights=score - bad, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(score))
