"""One logistic regression over numbers, categories and texts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.encoder import Encoder
from models.families.regression import Regression


class HashedLogistic(Model):
    """Logistic regression with AdaGrad over hashed features.

    Args:
        bits: The vector has `2 ** bits` places, which bounds the memory.
        seed: Seed of the hash from features to places.
        learning_rate: Learning rate of AdaGrad.

    Example:
        >>> model = HashedLogistic(bits=8)
        >>> model.predict_one({"text": "cheap pills"})
        0.5
        >>> model.learn_one({"text": "cheap pills"}, bad=True)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5
        True

    References:
        Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
        Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 12, 2011.
    """

    family: ClassVar[str] = "hashed-logistic"

    def __init__(self, bits: int = 18, seed: int = 1, learning_rate: float = 0.5) -> None:
        self.bits = bits
        self.seed = seed
        self.learning_rate = learning_rate
        self._encoder = Encoder(bits, seed)
        self._regression = Regression(1 << bits, learning_rate)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by the present weights."""
        return self._regression.predict(self._encoder.encode(features))

    def _state(self) -> dict[str, Any]:
        return {"numbers": self._encoder.state(), **self._regression.state()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._encoder.restore(state["numbers"])
        self._regression.restore(state)

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Updates the scales of the numbers, then the weights by one AdaGrad step."""
        self._encoder.learn(features)
        self._regression.learn(self._encoder.encode(features), bad=bad, weight=weight)
