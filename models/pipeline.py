"""The default family: River's logistic regression over numbers, categories and texts together.

River takes two seconds to import, most of them for parts that are not used here, and a worker without a model needs
none of it: it is imported with the first model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from models.base import Features, Model
from models.encoder import Encoder
from weir.errors import SnapshotError

_FORMAT = 1
_MAXIMUM_WEIGHT = 100.0


class HashedLogistic(Model):
    """Logistic regression with AdaGrad over hashed features (Duchi et al., JMLR 12, 2011).

    Args:
        bits: The vector has `2 ** bits` places, which bounds the memory.
        seed: Decides which feature falls into which place.
        learning_rate: AdaGrad's first step.
    """

    family: ClassVar[str] = "hashed-logistic"

    def __init__(self, bits: int = 18, seed: int = 1, learning_rate: float = 0.5) -> None:
        from river import linear_model, optim  # noqa: PLC0415 -- as said above

        self.bits = bits
        self.seed = seed
        self.learning_rate = learning_rate
        self._encoder = Encoder(bits, seed)
        self._optimizer = optim.AdaGrad(learning_rate)
        self._regression = linear_model.LogisticRegression(
            optimizer=self._optimizer, intercept_lr=0.05, clip_gradient=1_000.0
        )

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """As given to the constructor."""
        return {"bits": self.bits, "seed": self.seed, "learning_rate": self.learning_rate}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, by the weights as they stand."""
        vector = self._encoder.encode(features)
        return float(self._regression.predict_proba_one(vector)[True])  # type: ignore[no-untyped-call]  # River has none

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """One step of AdaGrad, and of the scales of the numbers."""
        if not math.isfinite(weight) or weight <= 0:
            return
        self._encoder.learn(features)
        self._regression.learn_one(self._encoder.encode(features), bad, min(weight, _MAXIMUM_WEIGHT))

    def state(self) -> dict[str, Any]:
        """Scales, weights with their sums of squared gradients, and the intercept."""
        # The order of the weights stays: sums of floating-point numbers depend on it.
        weights = self._regression.weights
        return {
            "format": _FORMAT,
            "numbers": self._encoder.state(),
            "places": list(weights),
            "weights": list(weights.values()),
            "squares": [self._optimizer.g2[place] for place in weights],
            "intercept": float(self._regression.intercept),
            "iterations": self._optimizer.n_iterations,
        }

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these, to the last bit."""
        if state.get("format") != _FORMAT:
            raise SnapshotError(f"A model's state is not one of {cls.family}.", "Retrain it from the training topic.")
        try:
            model = cls(**hyper_parameters)
            model._encoder.restore(state["numbers"])
            model._take(state)
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError(
                f"A model's state is not one of {cls.family}: {error}.", "Retrain it from the training topic."
            ) from error
        return model

    def _take(self, state: Mapping[str, Any]) -> None:
        from river.utils import VectorDict  # noqa: PLC0415 -- as said above

        weights, squares = state["weights"], state["squares"]
        if not all(map(math.isfinite, (*weights, *squares, state["intercept"]))):
            raise ValueError("a weight is not finite")
        if any(not 0 <= place < 1 << self.bits for place in state["places"]):
            raise ValueError("a place lies outside the vector")
        self._optimizer.g2.update(zip(state["places"], squares, strict=True))
        self._optimizer.n_iterations = int(state["iterations"])
        # River has no public way to set weights.
        self._regression._weights = VectorDict(dict(zip(state["places"], weights, strict=True)))  # noqa: SLF001
        self._regression.intercept = float(state["intercept"])
