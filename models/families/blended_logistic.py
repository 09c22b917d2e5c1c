"""The default family: three regressions over one encoding, a quick one, a careful one, and one that sees numbers alone.

A quick learner is best on texts, where each new word matters; with few and partly wrong labels it is far too sure of
itself, and a careful one, or one that can't lean on names, does better. Which to believe is learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.encoder import Encoder
from models.families.mixer import Mixer
from models.families.regression import Regression


class BlendedLogistic(Model):
    """Three logistic regressions and a mixer that calibrates what they say together.

    Args:
        bits: The vector has `2 ** bits` places, which bounds the memory.
        seed: Decides which feature falls into which place.
        quick: First step of the quick regression.
        careful: First step of the careful one, and of the one that sees numbers alone.
        mixing: First step of the mixer.
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
        """Probability of abuse, by the weights as they stand."""
        return self._mixer.mix(self._opinions(features))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, then of each member, and of the scales of the numbers."""
        self._mixer.learn(self._opinions(features), bad=bad, weight=weight)
        self._encoder.learn(features)
        whole, numbers = self._encoder.encode_apart(features)
        quick, careful, numeric = self._members
        quick.learn(whole, bad=bad, weight=weight)
        careful.learn(whole, bad=bad, weight=weight)
        numeric.learn(numbers, bad=bad, weight=weight)

    @property
    def encoder(self) -> Encoder:
        """How features become a vector."""
        return self._encoder

    @property
    def members(self) -> tuple[Regression, ...]:
        """The quick regression, the careful one, and the one that sees numbers alone."""
        return self._members

    def blend(self, log_odds: tuple[float, float, float]) -> float:
        """The probability that follows from what the members say, in log-odds."""
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

    def _opinions(self, features: Features) -> tuple[float, float, float]:
        whole, numbers = self._encoder.encode_apart(features)
        quick, careful, numeric = self._members
        return quick.predict(whole), careful.predict(whole), numeric.predict(numbers)
