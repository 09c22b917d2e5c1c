"""One logistic regression over numbers, categories and texts together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from models.base import Features, Model, not_mine
from models.encoder import Encoder
from models.regression import Regression

_FORMAT = 1
_MAXIMUM_WEIGHT = 100.0


class HashedLogistic(Model):
    """Logistic regression with AdaGrad over hashed features.

    Args:
        bits: The vector has `2 ** bits` places, which bounds the memory.
        seed: Decides which feature falls into which place.
        learning_rate: AdaGrad's first step.
    """

    family: ClassVar[str] = "hashed-logistic"

    def __init__(self, bits: int = 18, seed: int = 1, learning_rate: float = 0.5) -> None:
        self.bits = bits
        self.seed = seed
        self.learning_rate = learning_rate
        self._encoder = Encoder(bits, seed)
        self._regression = Regression(1 << bits, learning_rate)

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """As given to the constructor."""
        return {"bits": self.bits, "seed": self.seed, "learning_rate": self.learning_rate}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, by the weights as they stand."""
        return self._regression.predict(self._encoder.encode(features))

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """One step of AdaGrad, and of the scales of the numbers."""
        if not math.isfinite(weight) or weight <= 0:
            return
        self._encoder.learn(features)
        self._regression.learn(self._encoder.encode(features), bad=bad, weight=min(weight, _MAXIMUM_WEIGHT))

    def state(self) -> dict[str, Any]:
        """Scales, weights with their sums of squared gradients, and the intercept."""
        return {"format": _FORMAT, "numbers": self._encoder.state(), **self._regression.state()}

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these, to the last bit."""
        with not_mine(cls.family):
            if state["format"] != _FORMAT:
                raise ValueError("another format")
            model = cls(**hyper_parameters)
            model._encoder.restore(state["numbers"])
            model._regression.restore(state)
        return model
