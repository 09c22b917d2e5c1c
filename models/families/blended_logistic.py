"""Three regressions over one encoding: with a large learning rate, with a small one, and on numbers alone.

A large learning rate is best on texts, where each new word matters. With few and partly wrong labels its predictions
are overconfident, and a small learning rate, or numbers without names, does better. The mixer learns the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.encoder import Encoder
from models.families.mixer import Mixer
from models.families.regression import Regression


class BlendedLogistic(Model):
    """Three logistic regressions and a mixer that calibrates their combined prediction.

    Args:
        bits: The vector has `2 ** bits` places, which bounds the memory.
        seed: Seed of the hash from features to places.
        quick: Learning rate of the quick regression.
        careful: Learning rate of the careful regression, and of the one on numbers alone.
        mixing: Learning rate of the mixer. With 0, the prediction stays the mean of the three log-odds.

    Example:
        >>> model = BlendedLogistic(bits=8)
        >>> for _ in range(5):
        ...     model.learn_one({"events_per_minute": 90.0, "text": "cheap pills"}, bad=True)
        ...     model.learn_one({"events_per_minute": 2.0, "text": "lovely shoes"}, bad=False)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5 > model.predict_one({"text": "lovely shoes"})
        True
    """

    family: ClassVar[str] = "blended-logistic"

    def __init__(
        self, bits: int = 18, seed: int = 1, quick: float = 0.5, careful: float = 0.1, mixing: float = 0.2
    ) -> None:
        self.bits = bits
        self.seed = seed
        self.quick = quick
        self.careful = careful
        self.mixing = mixing
        self._encoder = Encoder(bits, seed)
        self._members = tuple(Regression(1 << bits, rate) for rate in (quick, careful, careful))
        self._mixer = Mixer(len(self._members), mixing)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by the present weights."""
        return self._mixer.mix(self._predictions(features))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, then of the scales of the numbers, then of each regression."""
        self._mixer.learn(self._predictions(features), bad=bad, weight=weight)
        self._encoder.learn(features)
        whole, numbers = self._encoder.encode_apart(features)
        quick, careful, numeric = self._members
        quick.learn(whole, bad=bad, weight=weight)
        careful.learn(whole, bad=bad, weight=weight)
        numeric.learn(numbers, bad=bad, weight=weight)

    @property
    def encoder(self) -> Encoder:
        """The encoder from features to the sparse vector."""
        return self._encoder

    @property
    def members(self) -> tuple[Regression, ...]:
        """The quick regression, the careful one, and the one on numbers alone."""
        return self._members

    def blend(self, log_odds: tuple[float, float, float]) -> float:
        """Mixes the members' predictions.

        Args:
            log_odds: Log-odds of abuse by the quick regression, the careful one, and the one on numbers.

        Returns:
            Probability of abuse.
        """
        return self._mixer.mix_log_odds(log_odds)

    def _state(self) -> dict[str, Any]:
        return {
            "numbers": self._encoder.state(),
            "members": [member.state() for member in self._members],
            "mixer": self._mixer.state(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._encoder.restore(state["numbers"])
        self._mixer.restore(state["mixer"])
        for member, own in zip(self._members, state["members"], strict=True):
            member.restore(own)

    def _predictions(self, features: Features) -> tuple[float, float, float]:
        whole, numbers = self._encoder.encode_apart(features)
        quick, careful, numeric = self._members
        return quick.predict(whole), careful.predict(whole), numeric.predict(numbers)
