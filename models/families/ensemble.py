"""The shipped family: regressions, naive Bayes and a forest in a pool that learns how much each member counts.

On a few dozen labels, the best learner depends on the site: a regression on numbers or a forest where abuse differs in
behaviour, naive Bayes where it differs in words, character n-grams where it differs in user agents or paths. With
thousands of labels, regressions over all features are best.
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
from models.families.pool import Pool, Prediction
from models.families.refitted_forest import RefittedForest
from models.families.tree_growing import Shape

# Chosen on small sets (`evaluation.models.small`): variances from 0.1 to 0.3, 6 to 24 splits, depths from 4 to 8 and
# sharpness from 0.2 to 0.5 differ by less than 0.005 of AUC on their mean.
_VARIANCE, _DRIFT = 0.2, 1e-4
_DEPTH, _CANDIDATES, _KEPT = 6, 12, 400
_SHARPNESS, _SHARE = 0.3, 0.002


class Ensemble(Model):
    """Pool of two regressions over all features, one over numbers, a forest, and two members for each text.

    Args:
        bits: Vectors have `2 ** bits` places, which bounds the memory.
        seed: Seed of the hash from features to places, and of the trees' splits.
        quick: Learning rate of the quick regressions.
        careful: Learning rate of the careful regression.
        trees: Number of trees in the forest.

    Example:
        >>> model = Ensemble(bits=8, trees=3)
        >>> for _ in range(4):
        ...     model.learn_one({"events_per_minute": 90.0, "text": "cheap pills"}, bad=True)
        ...     model.learn_one({"events_per_minute": 2.0, "text": "lovely shoes"}, bad=False)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5 > model.predict_one({"text": "lovely shoes"})
        True

    References:
        Those of the modules `pool`, `bayesian_regression`, `refitted_forest` and `gram_bayes` beside this one.
    """

    family: ClassVar[str] = "pooled-ensemble"

    def __init__(
        self, bits: int = 18, seed: int = 1, quick: float = 0.5, careful: float = 0.1, trees: int = 24
    ) -> None:
        self.bits, self.seed = bits, seed
        self.quick, self.careful = quick, careful
        self.trees = trees
        self.encoder = Encoder(bits, seed)
        """The encoder from features to places and scaled numbers."""
        places = 1 << bits
        self.wholes = (HashedRegression(places, quick), HashedRegression(places, careful))
        """The quick and the careful regression over all features."""
        self.numbers = BayesianRegression(len(NUMBERS), _VARIANCE, _DRIFT)
        """The regression on numbers."""
        self.forest = RefittedForest(len(NUMBERS), Shape(trees, _DEPTH, _CANDIDATES), _KEPT, seed)
        """The forest over numbers."""
        self.grams = HashedRegression(places, quick, FIELDS)
        """The regressions over each text."""
        self.bayes = GramBayes(places, FIELDS)
        """Naive Bayes over each text."""
        self.pool = Pool(4 + 2 * len(FIELDS), _SHARPNESS, _SHARE)
        """Combines the members' log-odds."""

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, by the pool of all members."""
        return probability(self.pool.log_odds(self.predictions(EncodedExample(self.encoder, features))))

    def predictions(self, vector: EncodedExample) -> list[Prediction]:
        """Predictions of all members.

        Args:
            vector: The example, encoded.

        Returns:
            Log-odds of abuse, in the order of the members: two regressions over all features, numbers, forest, then a
            regression and naive Bayes for each of `FIELDS`. None for members on numbers or a text that is missing.
        """
        found: list[Prediction] = [one.log_odds(vector.all_places, vector.all_values) for one in self.wholes]
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
        """One step of the pool, on predictions from before the members learn; then of the scales and of each member."""
        self.pool.learn(self.predictions(EncodedExample(self.encoder, features)), bad=bad, weight=weight)
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
