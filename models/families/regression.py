"""River's logistic regression with AdaGrad, with plain JSON as its state.

River takes two seconds to import, most of them for parts that are not used here. A worker without a model needs none of
it, so River is imported with the first model, as is numpy, which takes a fifth of a second.

References:
    Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 12, 2011.
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
"""Learning rate of the intercept, which takes plain gradient steps."""
_CLIPPED_GRADIENT = 1_000.0
"""Beyond any gradient of the log loss times `MAXIMUM_WEIGHT`."""


class Regression(LearnedPart):
    """Logistic regression over the places of a sparse vector.

    Args:
        places: Number of places. `restore` refuses a state with a place beyond it.
        learning_rate: Learning rate of AdaGrad.

    Example:
        >>> regression = Regression(16, learning_rate=0.5)
        >>> regression.learn({3: 1.0}, bad=True, weight=1.0)
        >>> regression.predict({3: 1.0}) > regression.predict({4: 1.0}) > 0.5
        True

    References:
        Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 12, 2011.
    """

    def __init__(self, places: int, learning_rate: float) -> None:
        from river import linear_model, optim  # noqa: PLC0415 -- see the module

        self._places = places
        self._optimizer = optim.AdaGrad(learning_rate)
        self._regression = linear_model.LogisticRegression(
            optimizer=self._optimizer, intercept_lr=_INTERCEPT_RATE, clip_gradient=_CLIPPED_GRADIENT
        )

    def predict(self, vector: Vector) -> float:
        """Probability of abuse for a sparse vector."""
        return float(self._regression.predict_proba_one(vector)[True])  # type: ignore[no-untyped-call]  # River has none

    @property
    def intercept(self) -> float:
        """Log-odds of abuse of an empty vector."""
        return float(self._regression.intercept)

    def weight(self, place: int) -> float:
        """The weight of a place: the log-odds that it adds for a value of 1."""
        return float(self._regression._weights.get(place, 0.0))  # noqa: SLF001 -- as below

    def dense(self) -> np.ndarray:
        """All weights, as a float array of shape (places,)."""
        import numpy as np  # noqa: PLC0415 -- see the module

        weights = self._regression.weights
        found = np.zeros(self._places)
        found[list(weights)] = list(weights.values())
        return found

    def learn(self, vector: Vector, *, bad: bool, weight: float) -> None:
        """Updates the weights by one AdaGrad step on the log loss.

        Args:
            vector: Value by place.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
        self._regression.learn_one(vector, bad, weight)

    def state(self) -> dict[str, Any]:
        """Weights with their sums of squared gradients, the intercept, and the number of steps."""
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
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        from river.utils import VectorDict  # noqa: PLC0415 -- see the module

        places, weights, squares = state["places"], state["weights"], state["squares"]
        if not all(map(math.isfinite, (*weights, *squares, state["intercept"]))):
            raise ValueError("a weight is not finite")
        if any(not 0 <= place < self._places for place in places):
            raise ValueError("an index is outside the vector")
        self._optimizer.g2.update(zip(places, squares, strict=True))
        self._optimizer.n_iterations = int(state["iterations"])
        # River has no public way to set weights.
        self._regression._weights = VectorDict(dict(zip(places, weights, strict=True)))  # noqa: SLF001
        self._regression.intercept = float(state["intercept"])
