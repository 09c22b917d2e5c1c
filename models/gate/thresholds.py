"""Score thresholds for the verdicts `block` and `review` that keep a bound on the false positive rate.

If k of n sessions with a benign human label score above a threshold, then with 95 % confidence the share of all benign
sessions above it is at most the upper bound of a Poisson mean divided by n. For k = 0 that is 3/n (rule of three). A
rate of 0.5 % therefore takes 600 benign labels before any session may be blocked.

References:
    Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249, 1983.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

KEPT_BENIGN, KEPT_BAD = 2_000, 500
"""Newest human labels from which thresholds are computed."""
REVIEW_TIMES = 4
"""The false positive rate of `review` may be so many times that of `block`: a review costs a visitor nothing."""
FEWEST = 20
"""Benign labels below which thresholds are the defaults."""
LEAST_REVIEW = 0.5
"""Least threshold: a session that is more likely benign is neither blocked nor reviewed."""
FIRST_REVIEW = 0.8
"""Threshold of `review` before there are enough labels."""
_UPPER = (2.996, 4.744, 6.296, 7.754, 9.154, 10.513, 11.842, 13.148, 14.435, 15.705, 16.962)
"""One-sided 95 % upper bounds of a Poisson mean, by the observed count from 0 to 10."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which the verdicts of a model follow, with their evidence."""

    block_from: float | None
    """Score from which the verdict is `block`; None if there are too few labels to block any session."""
    review_from: float
    """Score from which the verdict is `review`."""
    promised: float
    """Upper bound of the false positive rate of `block`, with 95 % confidence; 1 without enough labels."""
    benign: int
    """Number of benign labels."""
    recall: float | None
    """Share of abusive labels at or above `block_from`, or `review_from` without it; None without abusive labels."""

    def figures(self) -> dict[str, float]:
        """All figures by name, as records of decisions carry them."""
        found = {
            "review_from": self.review_from,
            "benign_answers": float(self.benign),
            "promised_false_positive_rate": self.promised,
        }
        if self.block_from is not None:
            found["block_from"] = self.block_from
        if self.recall is not None:
            found["recall_at_threshold"] = self.recall
        return found

    def why(self, rate: float) -> str:
        """Explains the thresholds in a sentence, for the record of the decision.

        Args:
            rate: False positive rate that was asked for.
        """
        found = "" if self.recall is None else f", which finds {self.recall:.0%} of the abuse"
        if self.block_from is None:
            needed = math.ceil(_UPPER[0] / rate)
            return (
                f"It only asks, from {self.review_from:.3f} on{found}: a false positive rate of {rate:.2%} takes "
                f"{needed} benign human labels, and there are {self.benign}."
            )
        return (
            f"It blocks from {self.block_from:.3f} on, at most {self.promised:.2%} of benign sessions by {self.benign} "
            f"benign answers{found}; it asks from {self.review_from:.3f} on."
        )


def thresholds(benign: Sequence[float], bad: Sequence[float], rate: float) -> Thresholds:
    """Computes the thresholds for a false positive rate.

    Args:
        benign: Scores of the newest sessions with a benign human label, each computed before the label was learned.
        bad: Scores of the newest sessions with an abusive human label, likewise.
        rate: Share of benign sessions that may be blocked, from 0 to 1.

    Returns:
        The thresholds, and the bound that they keep.

    Example:
        >>> found = thresholds([number / 1000 for number in range(600)], [0.7, 0.9], rate=0.01)
        >>> round(found.block_from, 3), round(found.promised, 4), found.recall
        (0.598, 0.0079, 1.0)
        >>> thresholds([0.1] * 100, [0.9], rate=0.01).block_from is None
        True
    """
    count = len(benign)
    if count < FEWEST:
        return Thresholds(None, FIRST_REVIEW, 1.0, count, _share_from(bad, FIRST_REVIEW))
    highest = sorted(benign, reverse=True)
    review = max(LEAST_REVIEW, _above(highest[min(int(REVIEW_TIMES * rate * count), count - 1)]))
    allowed = max((seen for seen, upper in enumerate(_UPPER) if upper <= rate * count), default=None)
    if allowed is None or highest[min(allowed, count - 1)] >= 1.0:
        return Thresholds(None, min(review, 1.0), _UPPER[0] / count, count, _share_from(bad, review))
    block = max(review, _above(highest[min(allowed, count - 1)]))
    return Thresholds(block, review, _UPPER[allowed] / count, count, _share_from(bad, block))


def _above(score: float) -> float:
    """The least float above a score."""
    return math.nextafter(score, 2.0)


def _share_from(scores: Sequence[float], threshold: float) -> float | None:
    return sum(score >= threshold for score in scores) / len(scores) if scores else None
