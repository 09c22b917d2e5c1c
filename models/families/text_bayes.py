"""Naive Bayes over words."""

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
    """Multinomial naive Bayes over hashed words, digits counting alike; how sure it may be is learned.

    Words are not independent, so that naive Bayes is far too sure of itself: a mixer calibrates it.

    Args:
        bits: So many distinct words, `2 ** bits`, are kept apart.
        seed: Decides which words fall together.
        mixing: First step of the mixer.
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
        """Probability of abuse, by the words alone."""
        return self._mixer.mix((self._opinion(self._words(features)),))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Counts the words; an example without any teaches nothing."""
        words = self._words(features)
        if not words or not math.isfinite(weight) or weight <= 0:
            return
        self._mixer.learn((self._opinion(words),), bad=bad, weight=weight)
        self._bayes.value.learn_one({word: weight * count for word, count in words.items()}, bad)

    def _opinion(self, words: Mapping[int, int]) -> float:
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
