"""Naive Bayes over hashed n-grams, which needs fewer labelled texts than a regression."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.families.base import LearnedPart
from models.families.hashed_regression import packed, unpacked

if TYPE_CHECKING:
    import numpy as np

_SMOOTHING = 0.5
"""Added to each count, so that an n-gram of one class alone has finite log-odds."""


class GramBayes(LearnedPart):
    """Counts of n-grams by class, each once a text. Fields share the places, and have sums of their own.

    Args:
        places: Number of places.
        fields: Names of the fields, such as `text` and `paths`.

    Example:
        >>> import numpy as np
        >>> bayes = GramBayes(16, ("text",))
        >>> bayes.learn(np.array([1, 2]), bad=True, weight=1.0, of="text")
        >>> bayes.learn(np.array([2, 3]), bad=False, weight=1.0, of="text")
        >>> round(bayes.log_odds(np.array([1]), "text"), 3), bayes.log_odds(np.array([2]), "text")
        (1.099, 0.0)
    """

    def __init__(self, places: int, fields: tuple[str, ...]) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self.counts = np.zeros((2, places), dtype=np.float32)
        self.totals = {field: [0.0, 0.0] for field in fields}

    def log_odds(self, places: np.ndarray, of: str) -> float:
        """Log-odds of abuse by the n-grams of a text.

        Naive Bayes adds the n-grams' log ratios as if they were independent. Overlapping n-grams are not, so the sum is
        divided by the square root of their number.

        Args:
            places: Integer array of shape (n,), of distinct places.
            of: Name of the field.

        Returns:
            Log-odds; 0 before texts of both classes were learned.
        """
        import numpy as np  # noqa: PLC0415 -- as above

        good, bad = self.totals[of]
        if good <= 0 or bad <= 0 or not len(places):
            return 0.0
        found = self.counts[:, places].astype(float)
        ratio = np.log((found[1] + _SMOOTHING) / (found[0] + _SMOOTHING)).sum()
        base = len(places) * math.log((bad + 2 * _SMOOTHING) / (good + 2 * _SMOOTHING))
        return float(ratio - base) / math.sqrt(len(places))

    def learn(self, places: np.ndarray, *, bad: bool, weight: float, of: str) -> None:
        """Adds a text to the counts of its class.

        Args:
            places: As for `log_odds`.
            bad: Whether the text was labelled abusive.
            weight: Weight of the example, above 0.
            of: Name of the field.
        """
        self.counts[int(bad), places] += weight
        self.totals[of][int(bad)] += weight

    def state(self) -> dict[str, Any]:
        """Sums of weights by place and class, and by field and class."""
        places = (self.counts[0] + self.counts[1]).nonzero()[0]
        return {
            "places": packed(places, "<i4"),
            "good": packed(self.counts[0, places], "<f4"),
            "bad": packed(self.counts[1, places], "<f4"),
            "totals": {field: list(total) for field, total in self.totals.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        places, good, bad = (
            unpacked(state[name], kind) for name, kind in (("places", "<i4"), ("good", "<f4"), ("bad", "<f4"))
        )
        if len(places) and not 0 <= places.min() <= places.max() < self.counts.shape[1]:
            raise ValueError("an index is outside the vector")
        totals = {field: [float(value) for value in state["totals"][field]] for field in self.totals}
        both = (value for total in totals.values() for value in total)
        if (good < 0).any() or (bad < 0).any() or not all(math.isfinite(value) and value >= 0 for value in both):
            raise ValueError("a count is negative or not finite")
        self.counts[0, places] = good
        self.counts[1, places] = bad
        self.totals = totals
