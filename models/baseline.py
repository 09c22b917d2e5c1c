"""The naive baseline: the share of abuse among the examples so far, whatever the features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from models.base import Features, Model
from weir.errors import SnapshotError


class PriorRate(Model):
    """Predicts the weighted share of abuse seen so far, starting from one half (Laplace's rule of succession)."""

    family: ClassVar[str] = "prior-rate"

    def __init__(self) -> None:
        self._bad = 0.0
        self._all = 0.0

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """None."""
        return {}

    def predict_one(self, features: Features) -> float:  # noqa: ARG002 -- that is what makes it naive
        """The share of abuse so far."""
        return (self._bad + 1.0) / (self._all + 2.0)

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:  # noqa: ARG002 -- likewise
        """Counts the example."""
        if math.isfinite(weight) and weight > 0:
            weight = min(weight, 100.0)
            self._bad += weight * bad
            self._all += weight

    def state(self) -> dict[str, Any]:
        """Both counts."""
        return {"bad": self._bad, "all": self._all}

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The baseline that gave these."""
        try:
            model = cls(**hyper_parameters)
            bad, everything = float(state["bad"]), float(state["all"])
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"A model's state is not one of {cls.family}: {error}.") from error
        if not 0 <= bad <= everything < math.inf:
            raise SnapshotError(f"A model's state is not one of {cls.family}: its counts are out of bounds.")
        model._bad, model._all = bad, everything
        return model
