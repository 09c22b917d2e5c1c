"""A model that is also taught what nobody has sent yet: a curriculum of made-up examples, easy ones first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar, Self

from models.base import Features, Model, not_mine
from models.ensemble import Ensemble
from models.stack import MEMBERS
from models.synthetic import disguised, look_alike, padded, pieces

_FORMAT = 1
_KEPT = 200
"""Harmless texts that are remembered as padding."""


class Augmented(Model):
    """A model that learns, beside each example, now and then one that is made from it.

    Attacks come padded after `first_lesson` examples, and disguised as well after twice as many; harmless examples give
    rise to ones that look like attacks. An example without a text or a query string gives rise to none.

    Args:
        model: Family and hyper-parameters of the model, in one mapping.
        share: Of the examples, how many give rise to another.
        weight: How much that one counts beside a real one.
        first_lesson: Examples before the first made-up one.
        seed: Decides what is made up.
    """

    family: ClassVar[str] = "augmented"

    def __init__(
        self,
        model: Mapping[str, Any] | None = None,
        share: float = 0.3,
        weight: float = 0.5,
        first_lesson: int = 200,
        seed: int = 1,
    ) -> None:
        declared = dict(model or {"family": Ensemble.family})
        family = declared.pop("family")
        if family not in MEMBERS:
            raise ValueError(f"{family!r} is no family that could be taught: {', '.join(sorted(MEMBERS))}")
        self.share = share
        self.weight = weight
        self.first_lesson = first_lesson
        self.seed = seed
        self._model = MEMBERS[family](**declared)
        self._random = Random(seed)  # noqa: S311 -- a seed must give the same again
        self._harmless: list[str] = []
        self._seen = 0

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """As given to the constructor, the model's in full."""
        return {
            "model": {"family": self._model.family, **self._model.hyper_parameters},
            "share": self.share,
            "weight": self.weight,
            "first_lesson": self.first_lesson,
            "seed": self.seed,
        }

    def predict_one(self, features: Features) -> float:
        """As the model says."""
        return self._model.predict_one(features)

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """Lets the model learn the example and, now and then, one that is made from it."""
        if not math.isfinite(weight) or weight <= 0:
            return
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if not bad:
            self._remember(features)
        if self._seen > self.first_lesson and pieces(features) and self._random.random() < self.share:
            self._model.learn_one(self._made_from(features, bad=bad), bad=bad, weight=weight * self.weight)

    def state(self) -> dict[str, Any]:
        """The model, the harmless texts and the state of chance."""
        version, words, gauss = self._random.getstate()
        return {
            "format": _FORMAT,
            "model": self._model.state(),
            "harmless": list(self._harmless),
            "seen": self._seen,
            "chance": [version, list(words), gauss],
        }

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these, to the last bit."""
        with not_mine(cls.family):
            if state["format"] != _FORMAT:
                raise ValueError("another format")
            model = cls(**hyper_parameters)
            model._model = type(model._model).restore(model._model.hyper_parameters, state["model"])
            model._harmless = list(map(str, state["harmless"]))
            model._seen = int(state["seen"])
            version, words, gauss = state["chance"]
            model._random.setstate((version, tuple(words), gauss))
        return model

    def _remember(self, features: Features) -> None:
        for piece in (piece.encode("utf-8", "replace").decode() for piece in pieces(features)):
            if len(self._harmless) < _KEPT:
                self._harmless.append(piece)
            else:
                self._harmless[self._random.randrange(_KEPT)] = piece

    def _made_from(self, features: Features, *, bad: bool) -> dict[str, Any]:
        if not bad:
            return look_alike(features, self._harmless, self._random)
        made = padded(features, self._harmless, self._random)
        if self._seen > 2 * self.first_lesson and self._random.random() < 0.3:  # noqa: PLR2004 -- most are only padded
            made = disguised(made, self._random)
        return made
