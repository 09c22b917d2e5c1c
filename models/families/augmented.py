"""A model that is also taught what nobody has sent yet: a curriculum of made-up examples, easy ones first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features
from models.families.synthetic import disguised, look_alike, padded, pieces
from models.families.wrapped import Wrapped

_KEPT = 200
"""Harmless texts that are remembered as padding."""


class Augmented(Wrapped):
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
        super().__init__(model, seed)
        self.share = share
        self.weight = weight
        self.first_lesson = first_lesson
        self._harmless: list[str] = []
        self._seen = 0

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Lets the model learn the example and, now and then, one that is made from it."""
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if not bad:
            self._remember(features)
        if self._seen > self.first_lesson and pieces(features) and self._random.random() < self.share:
            self._model.learn_one(self._made_from(features, bad=bad), bad=bad, weight=weight * self.weight)

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"harmless": list(self._harmless), "seen": self._seen}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._harmless = list(map(str, state["harmless"]))
        self._seen = int(state["seen"])

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
