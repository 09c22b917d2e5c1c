"""Base of models that hold another model and teach it more than the examples that arrive."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from models.families.base import Features, Model
from models.families.ensemble import Ensemble
from models.families.stack import declared_form, make_member


class Wrapped(Model):
    """A wrapper around another model: the model inside predicts, the wrapper chooses what else it learns.

    Subclasses are `Augmented` and `HardMining`.

    Args:
        model: `family` and hyper-parameters of the model inside; without it, the shipped family.
        seed: Seed of the random choices.

    Raises:
        KeyError, TypeError, ValueError: the mapping declares no model that may be a member of another one.
    """

    def __init__(self, model: Mapping[str, Any] | None, seed: int) -> None:
        self._model = make_member(model or {"family": Ensemble.family})
        self.model = declared_form(self._model)
        self.seed = seed
        self._random = Random(seed)  # noqa: S311 -- the same seed must give the same choices

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by the model inside."""
        return self._model.predict_one(features)

    def _state(self) -> dict[str, Any]:
        """The model inside, and the state of the random generator."""
        version, words, gauss = self._random.getstate()
        return {"model": self._model.state(), "chance": [version, list(words), gauss]}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._model = type(self._model).restore(self._model.hyper_parameters, state["model"])
        version, words, gauss = state["chance"]
        self._random.setstate((version, tuple(words), gauss))
