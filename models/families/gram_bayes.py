"""Naive Bayes over hashed n-grams: what a few labelled texts tell, before a regression has made up its mind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.families.base import LearnedPart
from models.families.hashed_regression import packed, unpacked

if TYPE_CHECKING:
    import numpy as np

_SMOOTHING = 0.5


class GramBayes(LearnedPart):
    """How many texts of each class had an n-gram, and its log-odds by them; each field of texts has its own sums.

    Args:
        places: Number of places.
        fields: Names of the fields.
    """

    def __init__(self, places: int, fields: tuple[str, ...]) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self.counts = np.zeros((2, places), dtype=np.float32)
        self.totals = {field: [0.0, 0.0] for field in fields}

    def log_odds(self, places: np.ndarray, of: str) -> float:
        """Evidence of the n-grams by the square root of their number, since they are not independent."""
        import numpy as np  # noqa: PLC0415 -- as above

        good, bad = self.totals[of]
        if good <= 0 or bad <= 0 or not len(places):
            return 0.0
        found = self.counts[:, places].astype(float)
        ratio = np.log((found[1] + _SMOOTHING) / (found[0] + _SMOOTHING)).sum()
        base = len(places) * math.log((bad + 2 * _SMOOTHING) / (good + 2 * _SMOOTHING))
        return float(ratio - base) / math.sqrt(len(places))

    def learn(self, places: np.ndarray, *, bad: bool, weight: float, of: str) -> None:
        """Counts the n-grams, each once."""
        self.counts[int(bad), places] += weight
        self.totals[of][int(bad)] += weight

    def state(self) -> dict[str, Any]:
        """Counts by place, and sums by field."""
        places = (self.counts[0] + self.counts[1]).nonzero()[0]
        return {
            "places": packed(places, "<i4"),
            "good": packed(self.counts[0, places], "<f4"),
            "bad": packed(self.counts[1, places], "<f4"),
            "totals": {field: list(total) for field, total in self.totals.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave.

        Raises:
            IndexError, KeyError, TypeError, ValueError: it is not of this kind.
        """
        places, good, bad = (
            unpacked(state[name], kind) for name, kind in (("places", "<i4"), ("good", "<f4"), ("bad", "<f4"))
        )
        if len(places) and not 0 <= places.min() <= places.max() < self.counts.shape[1]:
            raise ValueError("a place lies outside the vector")
        totals = {field: [float(value) for value in state["totals"][field]] for field in self.totals}
        both = (value for total in totals.values() for value in total)
        if (good < 0).any() or (bad < 0).any() or not all(math.isfinite(value) and value >= 0 for value in both):
            raise ValueError("a count is none")
        self.counts[0, places] = good
        self.counts[1, places] = bad
        self.totals = totals
