"""The naive baseline: the share of abuse among the examples so far, independent of the features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model


class PriorRate(Model):
    """Predicts the weighted share of abuse seen so far, starting from one half (Laplace's rule of succession).

    A model that doesn't do better than this baseline has learned nothing from the features.

    Example:
        >>> model = PriorRate()
        >>> model.predict_one({})
        0.5
        >>> model.learn_one({}, bad=True)
        >>> round(model.predict_one({}), 3)
        0.667
    """

    family: ClassVar[str] = "prior-rate"

    def __init__(self) -> None:
        self._bad = 0.0
        self._all = 0.0

    def predict_one(self, features: Features) -> float:  # noqa: ARG002 -- the baseline looks at no feature
        """Share of abuse among the examples so far, by weight."""
        return (self._bad + 1.0) / (self._all + 2.0)

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:  # noqa: ARG002 -- likewise
        self._bad += weight * bad
        self._all += weight

    def _state(self) -> dict[str, Any]:
        return {"bad": self._bad, "all": self._all}

    def _restore(self, state: Mapping[str, Any]) -> None:
        bad, everything = float(state["bad"]), float(state["all"])
        if not 0 <= bad <= everything < math.inf:
            raise ValueError(f"sums of weights {bad} and {everything} are out of bounds")
        self._bad, self._all = bad, everything
