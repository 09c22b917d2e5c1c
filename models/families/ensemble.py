"""The default family: members that are good at different things, pooled, so that none is chosen beforehand.

On a few dozen labels, which learner is best depends on the site: a regression on numbers or a forest where behaviour
tells, naive Bayes where words do, character n-grams where user agents or paths do. With thousands of labels,
regressions over everything are best.
"""

from __future__ import annotations

import math
from typing import ClassVar

from models.families.base import Features, LearnedPart, Model
from models.families.bayesian_regression import BayesianRegression
from models.families.encoded_example import FIELDS, EncodedExample
from models.families.encoder import Encoder
from models.families.gram_bayes import GramBayes
from models.families.hashed_regression import HashedRegression, probability
from models.families.number_table import NUMBERS
from models.families.pool import Opinion, Pool
from models.families.refitted_forest import RefittedForest
from models.families.tree_growing import Shape

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
        Modules `pool`, `bayesian_regression`, `refitted_forest` and `gram_bayes` beside this one.
    """

    family: ClassVar[str] = "pooled-ensemble"

    def __init__(
        self, bits: int = 18, seed: int = 1, quick: float = 0.5, careful: float = 0.1, trees: int = 24
    ) -> None:
        self.bits, self.seed = bits, seed
        self.quick, self.careful = quick, careful
        self.trees = trees
        self.encoder = Encoder(bits, seed)
        """How features become a vector."""
        places = 1 << bits
        self.wholes = (HashedRegression(places, quick), HashedRegression(places, careful))
        """The quick and the careful regression over everything."""
        self.numbers = BayesianRegression(len(NUMBERS), _VARIANCE, _DRIFT)
        """The regression on numbers."""
        self.forest = RefittedForest(len(NUMBERS), Shape(trees, _DEPTH, _CANDIDATES), _KEPT, seed)
        """The forest over numbers."""
        self.grams = HashedRegression(places, quick, FIELDS)
        """The regressions over each text."""
        self.bayes = GramBayes(places, FIELDS)
        """Naive Bayes over each text."""
        self.pool = Pool(4 + 2 * len(FIELDS), _SHARPNESS, _SHARE)
        """How the members' opinions become one."""

    def predict_one(self, features: Features) -> float:
        """Probability of abuse."""
        return probability(self.pool.log_odds(self.opinions(EncodedExample(self.encoder, features))))

    def opinions(self, vector: EncodedExample) -> list[Opinion]:
        """Each member's log-odds."""
        found: list[Opinion] = [one.log_odds(vector.all_places, vector.all_values) for one in self.wholes]
        if vector.has_numbers:
            found.append(self.numbers.log_odds(vector.scaled))
            found.append(self.forest.log_odds(vector.row))
        else:
            found += (None, None)
        for field in FIELDS:
            grams = vector.grams.get(field)
            if grams is None:
                found += (None, None)
            else:
                found.append(self.grams.log_odds(grams, 1.0 / math.sqrt(len(grams)), field))
                found.append(self.bayes.log_odds(grams, field))
        return found

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the pool, by what the members said before; then of the scales and of each member."""
        self.pool.learn(self.opinions(EncodedExample(self.encoder, features)), bad=bad, weight=weight)
        self.encoder.learn(features)
        vector = EncodedExample(self.encoder, features)
        for one in self.wholes:
            one.learn(vector.all_places, vector.all_values, bad=bad, weight=weight)
        if vector.has_numbers:
            self.numbers.learn(vector.scaled, bad=bad, weight=weight)
            self.forest.learn(vector.row, bad=bad, weight=weight)
        for field, grams in vector.grams.items():
            self.grams.learn(grams, 1.0 / math.sqrt(len(grams)), bad=bad, weight=weight, of=field)
            self.bayes.learn(grams, bad=bad, weight=weight, of=field)

    def _parts(self) -> dict[str, LearnedPart]:
        return {
            "scales": self.encoder,
            "numbers": self.numbers,
            "forest": self.forest,
            "grams": self.grams,
            "bayes": self.bayes,
            "quick": self.wholes[0],
            "careful": self.wholes[1],
            "pool": self.pool,
        }
