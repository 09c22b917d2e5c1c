"""The default family: members that are good at different things, pooled, so that none is chosen beforehand.

On a few dozen labels, which learner is best depends on the site: a regression on numbers or a forest where behaviour
tells, naive Bayes where words do, character n-grams where user agents or paths do. With thousands of labels,
regressions over everything are best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from models.base import Features, Model, not_mine
from models.bayesian import BayesianRegression
from models.counted import GramBayes
from models.encoded import FIELDS, EncodedExample
from models.encoder import Encoder
from models.forest import RefittedForest
from models.growing import Shape
from models.hashed import HashedRegression, probability
from models.pool import Opinion, Pool
from models.table import NUMBERS

_FORMAT = 1
_MAXIMUM_WEIGHT = 100.0
# Chosen on small sets (`evaluation.models.small`): variances from 0.1 to 0.3, 6 to 24 splits, depths from 4 to 8 and
# sharpness from 0.2 to 0.5 differ by less than 0.005 of AUC on their mean.
_VARIANCE, _DRIFT = 0.2, 1e-4
_DEPTH, _CANDIDATES, _KEPT = 6, 12, 400
_SHARPNESS, _SHARE = 0.3, 0.002


class Ensemble(Model):
    """Regressions over everything, over numbers and over each text, naive Bayes over each text, a forest; pooled.

    Args:
        bits: Vectors have `2 ** bits` places, which bounds the memory.
        seed: Decides which feature falls into which place, and how trees split.
        quick: First step of the quick regressions.
        careful: First step of the careful ones.
        trees: Trees of the forest.

    References:
        `models.pool`, `models.bayesian`, `models.forest`, `models.counted`.
    """

    family: ClassVar[str] = "pooled-ensemble"

    def __init__(
        self, bits: int = 18, seed: int = 1, quick: float = 0.5, careful: float = 0.1, trees: int = 24
    ) -> None:
        self.bits, self.seed = bits, seed
        self.quick, self.careful = quick, careful
        self.trees = trees
        self._encoder = Encoder(bits, seed)
        places = 1 << bits
        self._wholes = (HashedRegression(places, quick), HashedRegression(places, careful))
        self._numbers = BayesianRegression(len(NUMBERS), _VARIANCE, _DRIFT)
        self._forest = RefittedForest(len(NUMBERS), Shape(trees, _DEPTH, _CANDIDATES), _KEPT, seed)
        self._grams = HashedRegression(places, quick, FIELDS)
        self._bayes = GramBayes(places, FIELDS)
        self._pool = Pool(4 + 2 * len(FIELDS), _SHARPNESS, _SHARE)

    @property
    def encoder(self) -> Encoder:
        """How features become a vector."""
        return self._encoder

    @property
    def pool(self) -> Pool:
        """How the members' opinions become one."""
        return self._pool

    @property
    def wholes(self) -> tuple[HashedRegression, HashedRegression]:
        """The quick and the careful regression over everything."""
        return self._wholes

    @property
    def numbers(self) -> BayesianRegression:
        """The regression on numbers."""
        return self._numbers

    @property
    def forest(self) -> RefittedForest:
        """The forest."""
        return self._forest

    @property
    def grams(self) -> HashedRegression:
        """The regressions over each text."""
        return self._grams

    @property
    def bayes(self) -> GramBayes:
        """Naive Bayes over each text."""
        return self._bayes

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """As given to the constructor."""
        names = ("bits", "seed", "quick", "careful", "trees")
        return {name: getattr(self, name) for name in names}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse."""
        return probability(self._pool.log_odds(self.opinions(EncodedExample(self._encoder, features))))

    def opinions(self, vector: EncodedExample) -> list[Opinion]:
        """Each member's log-odds."""
        found: list[Opinion] = [one.log_odds(vector.all_places, vector.all_values) for one in self._wholes]
        if vector.has_numbers:
            found.append(self._numbers.log_odds(vector.scaled))
            found.append(self._forest.log_odds(vector.row))
        else:
            found += (None, None)
        for field in FIELDS:
            grams = vector.grams.get(field)
            if grams is None:
                found += (None, None)
            else:
                found.append(self._grams.log_odds(grams, 1.0 / math.sqrt(len(grams)), field))
                found.append(self._bayes.log_odds(grams, field))
        return found

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """One step of the pool, by what the members said before; then of the scales and of each member."""
        if not math.isfinite(weight) or weight <= 0:
            return
        weight = min(weight, _MAXIMUM_WEIGHT)
        self._pool.learn(self.opinions(EncodedExample(self._encoder, features)), bad=bad, weight=weight)
        self._encoder.learn(features)
        vector = EncodedExample(self._encoder, features)
        for one in self._wholes:
            one.learn(vector.all_places, vector.all_values, bad=bad, weight=weight)
        if vector.has_numbers:
            self._numbers.learn(vector.scaled, bad=bad, weight=weight)
            self._forest.learn(vector.row, bad=bad, weight=weight)
        for field, grams in vector.grams.items():
            self._grams.learn(grams, 1.0 / math.sqrt(len(grams)), bad=bad, weight=weight, of=field)
            self._bayes.learn(grams, bad=bad, weight=weight, of=field)

    def _parts(self) -> dict[str, Any]:
        return {
            "numbers": self._numbers,
            "forest": self._forest,
            "grams": self._grams,
            "bayes": self._bayes,
            "quick": self._wholes[0],
            "careful": self._wholes[1],
            "pool": self._pool,
        }

    def state(self) -> dict[str, Any]:
        """Scales, members and pool."""
        parts = {name: part.state() for name, part in self._parts().items()}
        return {"format": _FORMAT, "scales": self._encoder.state(), **parts}

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these, to the last bit."""
        with not_mine(cls.family):
            if state["format"] != _FORMAT:
                raise ValueError("another format")
            model = cls(**hyper_parameters)
            model._encoder.restore(state["scales"])
            for name, part in model._parts().items():
                part.restore(state[name])
        return model
