"""River's logistic regression with AdaGrad, whose state is plain JSON (Duchi et al., JMLR 12, 2011).

River takes two seconds to import, most of them for parts that are not used here, and a worker without a model needs
none of it: it is imported with the first model, as is numpy, which takes a fifth of a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.families.base import LearnedPart
from models.families.encoder import Vector

if TYPE_CHECKING:
    import numpy as np

_INTERCEPT_RATE = 0.05
_CLIPPED_GRADIENT = 1_000.0


class Regression(LearnedPart):
    """Weights over the places of a vector.

    Args:
        places: The vector has so many; others are refused when a state is taken back.
        learning_rate: AdaGrad's first step.
    """

    def __init__(self, places: int, learning_rate: float) -> None:
        from river import linear_model, optim  # noqa: PLC0415 -- as said above

        self._places = places
        self._optimizer = optim.AdaGrad(learning_rate)
        self._regression = linear_model.LogisticRegression(
            optimizer=self._optimizer, intercept_lr=_INTERCEPT_RATE, clip_gradient=_CLIPPED_GRADIENT
        )

    def predict(self, vector: Vector) -> float:
        """Probability of abuse."""
        return float(self._regression.predict_proba_one(vector)[True])  # type: ignore[no-untyped-call]  # River has none

    @property
    def intercept(self) -> float:
        """Log-odds before any feature."""
        return float(self._regression.intercept)

    def weight(self, place: int) -> float:
        """What a place adds to the log-odds, times its value."""
        return float(self._regression._weights.get(place, 0.0))  # noqa: SLF001 -- as below

    def dense(self) -> np.ndarray:
        """All weights, by place."""
        import numpy as np  # noqa: PLC0415 -- as said above

        weights = self._regression.weights
        found = np.zeros(self._places)
        found[list(weights)] = list(weights.values())
        return found

    def learn(self, vector: Vector, *, bad: bool, weight: float) -> None:
        """One step of AdaGrad."""
        self._regression.learn_one(vector, bad, weight)

    def state(self) -> dict[str, Any]:
        """Weights with their sums of squared gradients, and the intercept."""
        # The order of the weights stays: sums of floating-point numbers depend on it.
        weights = self._regression.weights
        return {
            "places": list(weights),
            "weights": list(weights.values()),
            "squares": [self._optimizer.g2[place] for place in weights],
            "intercept": float(self._regression.intercept),
            "iterations": self._optimizer.n_iterations,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is not of this kind.
        """
        from river.utils import VectorDict  # noqa: PLC0415 -- as said above

        places, weights, squares = state["places"], state["weights"], state["squares"]
        if not all(map(math.isfinite, (*weights, *squares, state["intercept"]))):
            raise ValueError("a weight is not finite")
        if any(not 0 <= place < self._places for place in places):
            raise ValueError("a place lies outside the vector")
        self._optimizer.g2.update(zip(places, squares, strict=True))
        self._optimizer.n_iterations = int(state["iterations"])
        # River has no public way to set weights.
        self._regression._weights = VectorDict(dict(zip(places, weights, strict=True)))  # noqa: SLF001
        self._regression.intercept = float(state["intercept"])
