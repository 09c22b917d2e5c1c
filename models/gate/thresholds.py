"""From which score on a model's verdict follows, so that few benign sessions are met: by benign answers, not by faith.

Of n benign answers of which k score higher than a threshold, the share of all benign sessions that do is, with 95 %
confidence, at most the upper bound of a Poisson rate by n; without any above it that is 3/n ("rule of three", Hanley
and Lippman-Hand, JAMA 249, 1983). So a rate of 0.5 % takes 600 benign answers before anything can be promised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

KEPT_BENIGN, KEPT_BAD = 2_000, 500
"""Newest answers of people that thresholds are set by."""
REVIEW_TIMES = 4
"""A question to a person may be wrong so many times as often as a verdict that is acted on."""
FEWEST = 20
"""Benign answers before they say anything."""
LEAST_REVIEW = 0.5
"""What is more likely benign is neither blocked nor asked about, whatever the answers so far."""
FIRST_REVIEW = 0.8
"""Where a question is asked before there are enough answers."""
_UPPER = (2.996, 4.744, 6.296, 7.754, 9.154, 10.513, 11.842, 13.148, 14.435, 15.705, 16.962)
"""95 % upper bounds of a Poisson mean by the count that was seen."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which a model speaks."""

    block_from: float | None
    """None: nothing is blocked on its word yet."""
    review_from: float
    promised: float
    """Share of benign sessions that may be blocked, at most, with 95 % confidence; 1 without answers."""
    benign: int
    recall: float | None
    """Of the bad that were answered about, the share at or above `block_from`, or `review_from` without it."""

    def figures(self) -> dict[str, float]:
        """As a decision carries them."""
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
        """The same as a sentence."""
        found = "" if self.recall is None else f", {self.recall:.0%} of the bad are found so"
        if self.block_from is None:
            needed = math.ceil(_UPPER[0] / rate)
            return (
                f"It only asks, from {self.review_from:.3f} on{found}: a false positive rate of {rate:.2%} takes "
                f"{needed} benign answers of people, and there are {self.benign}."
            )
        return (
            f"It blocks from {self.block_from:.3f} on, at most {self.promised:.2%} of benign sessions by {self.benign} "
            f"benign answers{found}; it asks from {self.review_from:.3f} on."
        )


def thresholds(benign: Sequence[float], bad: Sequence[float], rate: float) -> Thresholds:
    """The thresholds for a false positive rate.

    Args:
        benign: Scores of the newest sessions that people called good, each given before its answer was learned.
        bad: Of those that they called bad.
        rate: Share of benign sessions that may be blocked.
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
    """The least score that is higher."""
    return math.nextafter(score, 2.0)


def _share_from(scores: Sequence[float], threshold: float) -> float | None:
    return sum(score >= threshold for score in scores) / len(scores) if scores else None
