"""Plain learners, each good at one thing: what the default model is compared with on small sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from models.families.encoder import Encoder
from models.families.hashed_regression import HashedRegression, probability
from models.families.number_table import numbers
from models.features import KINDS

_BITS, _SEED = 18, 1
_TREES = 10
_CONFIDENCE = 50.0
_ENCODER = Encoder(_BITS, _SEED)


class PlainLearner(Protocol):
    """Ranks, then learns."""

    def rank(self, features: Mapping[str, Any]) -> float:
        """Larger is more likely abuse."""

    def learn(self, features: Mapping[str, Any], *, bad: bool) -> None:
        """Learns one example."""


class Numbers:
    """An estimator of River's on the logarithms of the numbers."""

    def __init__(self, estimator: Any) -> None:  # noqa: ANN401 -- River's types are not worth an import
        self._estimator = estimator

    def rank(self, features: Mapping[str, Any]) -> float:
        """Probability of abuse; one half before any example."""
        return float(self._estimator.predict_proba_one(numbers(features)).get(True, 0.5))

    def learn(self, features: Mapping[str, Any], *, bad: bool) -> None:
        """One step."""
        self._estimator.learn_one(numbers(features), bad)


class Grams:
    """Logistic regression on the character n-grams of one field."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._regression = HashedRegression(1 << _BITS, 0.5)

    def rank(self, features: Mapping[str, Any]) -> float:
        """Probability of abuse; one half without the field."""
        text = features.get(self._field)
        if not text:
            return 0.5
        places = _ENCODER.distinct_gram_places(self._field, text)
        return probability(self._regression.log_odds(places, 1.0 / math.sqrt(len(places))))

    def learn(self, features: Mapping[str, Any], *, bad: bool) -> None:
        """One step."""
        if text := features.get(self._field):
            places = _ENCODER.distinct_gram_places(self._field, text)
            self._regression.learn(places, 1.0 / math.sqrt(len(places)), bad=bad, weight=1.0)


class MultinomialGrams:
    """Multinomial naive Bayes on the character n-grams of one field, with Laplace's smoothing."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._counts = np.zeros((2, 1 << _BITS))
        self._examples = [1, 1]
        self._known = 1

    def rank(self, features: Mapping[str, Any]) -> float:
        """Probability of abuse, its log-odds divided by a constant."""
        prior = math.log(self._examples[1] / self._examples[0])
        text = features.get(self._field)
        if not text:
            return probability(prior / _CONFIDENCE)
        found = self._counts[:, _ENCODER.gram_places(self._field, text).astype(np.int64)]
        good, bad = self._counts.sum(axis=1) + self._known
        ratio = np.log(found[1] + 1.0) - np.log(found[0] + 1.0) + math.log(good / bad)
        # Naive Bayes is too confident for a probability to tell its scores apart.
        return probability((prior + float(ratio.sum())) / _CONFIDENCE)

    def learn(self, features: Mapping[str, Any], *, bad: bool) -> None:
        """Counts the n-grams."""
        self._examples[int(bad)] += 1
        if text := features.get(self._field):
            places = _ENCODER.gram_places(self._field, text).astype(np.int64)
            self._known += int((self._counts[:, np.unique(places)].sum(axis=0) == 0).sum())
            np.add.at(self._counts[int(bad)], places, 1.0)


def plain_learners() -> dict[str, Callable[[], PlainLearner]]:
    """Each by its name; naive Bayes and regressions once for each field of texts."""
    from river import forest, linear_model, optim, preprocessing  # noqa: PLC0415 -- slow to import

    def regression(rate: float) -> PlainLearner:
        return Numbers(preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(rate)))

    learners: dict[str, Callable[[], PlainLearner]] = {
        "regression on numbers": lambda: regression(0.05),
        "regression on numbers, small steps": lambda: regression(0.01),
        "Mondrian forest": lambda: Numbers(forest.AMFClassifier(n_estimators=_TREES, seed=_SEED)),
        "adaptive random forest": lambda: Numbers(forest.ARFClassifier(n_models=_TREES, seed=_SEED)),
    }
    for field in (name for name, kind in KINDS.items() if kind == "text"):
        learners[f"n-grams of {field}"] = lambda field=field: Grams(field)  # type: ignore[misc]
        learners[f"naive Bayes of {field}"] = lambda field=field: MultinomialGrams(field)  # type: ignore[misc]
    return learners
