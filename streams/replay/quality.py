"""Quality of scores against later labels, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

FINE = 1_000
COARSE = 10


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Examples with scores in one tenth of the range."""

    mean_score: float
    share_bad: float
    examples: int


class ScoredExamples:
    """Scores with later labels. Each score was computed before the model learned the label."""

    def __init__(self) -> None:
        self._bad = [0] * FINE
        self._good = [0] * FINE

    def add(self, score: float, *, bad: bool) -> None:
        """Takes one example."""
        (self._bad if bad else self._good)[min(int(score * FINE), FINE - 1)] += 1

    @property
    def examples(self) -> int:
        """Number of examples."""
        return sum(self._bad) + sum(self._good)

    def auc(self) -> float | None:
        """Probability that an abusive session's score is above a benign one's; None if one of the kinds is missing.

        Scores are counted in bins of a thousandth, so the error is bounded by pairs that share a bin.
        """
        bad, good = sum(self._bad), sum(self._good)
        if not bad or not good:
            return None
        below, area = 0, 0.0
        for bads, goods in zip(self._bad, self._good, strict=True):
            area += bads * (below + goods / 2)
            below += goods
        return area / (bad * good)

    def calibration(self) -> list[CalibrationBin]:
        """Mean score and share of abusive sessions by tenths of the score; empty tenths are left out."""
        edges = range(0, FINE + 1, FINE // COARSE)
        return [found for low, high in pairwise(edges) if (found := self._tenth(low, high)) is not None]

    def _tenth(self, low: int, high: int) -> CalibrationBin | None:
        bad = sum(self._bad[low:high])
        total = bad + sum(self._good[low:high])
        if not total:
            return None
        scores = sum((at + 0.5) / FINE * (self._bad[at] + self._good[at]) for at in range(low, high))
        return CalibrationBin(scores / total, bad / total, total)
