"""What models have in common that teach another model more than the examples that come."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from models.families.base import Features, Model
from models.families.ensemble import Ensemble
from models.families.stack import declared_form, make_member


class Wrapped(Model):
    """A model around another one, which predicts; the wrapper decides what else that one learns.

    Args:
        model: Family and hyper-parameters of the model inside, in one mapping; without it, the shipped family.
        seed: Seed of what is left to chance.
    """

    def __init__(self, model: Mapping[str, Any] | None, seed: int) -> None:
        self._model = make_member(model or {"family": Ensemble.family})
        self.model = declared_form(self._model)
        self.seed = seed
        self._random = Random(seed)  # noqa: S311 -- a seed must give the same again

    def predict_one(self, features: Features) -> float:
        """The score of the model inside."""
        return self._model.predict_one(features)

    def _state(self) -> dict[str, Any]:
        """The model inside, and the state of the random generator."""
        version, words, gauss = self._random.getstate()
        return {"model": self._model.state(), "chance": [version, list(words), gauss]}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._model = type(self._model).restore(self._model.hyper_parameters, state["model"])
        version, words, gauss = state["chance"]
        self._random.setstate((version, tuple(words), gauss))
