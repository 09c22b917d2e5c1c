"""Multinomial naive Bayes over hashed words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.encoder import LONGEST_TEXT
from models.families.mixer import Mixer
from models.families.number_table import bucket
from models.families.river_part import RiverPart
from models.features.registry import KINDS

_STATE = frozenset({"collections:Counter", "collections:defaultdict", "river.naive_bayes.multinomial:MultinomialNB"})
_WORD = re.compile(r"\w+|[^\w\s]")
_DIGIT = re.compile(r"\d")


class TextBayes(Model):
    """Multinomial naive Bayes over the words of all texts, calibrated by a mixer.

    Words are not independent, so naive Bayes is overconfident; the mixer learns by how much. All digits count as 0.

    Args:
        bits: Words are hashed into `2 ** bits` buckets, which bounds the memory.
        seed: Seed of the hash from words to buckets.
        mixing: Learning rate of the mixer. With 0, predictions stay uncalibrated.

    Example:
        >>> model = TextBayes(bits=8)
        >>> for _ in range(3):
        ...     model.learn_one({"text": "cheap pills"}, bad=True)
        ...     model.learn_one({"text": "lovely shoes"}, bad=False)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5 > model.predict_one({"text": "lovely shoes"})
        True
    """

    family: ClassVar[str] = "text-bayes"

    def __init__(self, bits: int = 14, seed: int = 1, mixing: float = 0.2) -> None:
        from river import naive_bayes  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self.bits = bits
        self.seed = seed
        self.mixing = mixing
        estimator: Any = naive_bayes.MultinomialNB()  # type: ignore[no-untyped-call]  # River has no types here
        self._bayes = RiverPart(estimator, _STATE)
        self._mixer = Mixer(1, mixing)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, by the words of the texts alone."""
        return self._mixer.mix((self._prediction(self._words(features)),))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, then counts the words; an example without words is ignored."""
        words = self._words(features)
        if not words or not math.isfinite(weight) or weight <= 0:
            return
        self._mixer.learn((self._prediction(words),), bad=bad, weight=weight)
        self._bayes.value.learn_one({word: weight * count for word, count in words.items()}, bad)

    def _prediction(self, words: Mapping[int, int]) -> float:
        if not words or len(self._bayes.value.class_counts) < 2:  # noqa: PLR2004 -- good and bad
            return 0.5
        return float(self._bayes.value.predict_proba_one(words)[True])

    def _words(self, features: Features) -> Counter[int]:
        found: Counter[int] = Counter()
        for name, value in features.items():
            if isinstance(value, str) and KINDS.get(name) == "text":
                words = _WORD.findall(_DIGIT.sub("0", value[:LONGEST_TEXT].lower()))
                found.update(bucket(f"{name} {word}", self.seed, 1 << self.bits) for word in words)
        return found
