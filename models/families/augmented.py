"""Data augmentation around another model: synthetic examples, easy ones first (curriculum learning)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features
from models.families.synthetic import disguised, look_alike, padded, pieces
from models.families.wrapped import Wrapped

_KEPT = 200
"""Benign texts that are kept as padding. They are parts of each snapshot, 80 characters each at most."""


class Augmented(Wrapped):
    """Teaches a model synthetic examples beside the real ones.

    From abusive examples it makes padded ones after `first_lesson` examples, and disguised ones after twice as many.
    From benign examples it makes benign ones with words and marks of attacks. An example without a text or a query
    string is learned as it is.

    Args:
        model: `family` and hyper-parameters of the model inside; without it, the shipped family.
        share: Share of the examples from which another one is made, from 0 to 1.
        weight: Weight of a synthetic example, as a share of the weight of the real one.
        first_lesson: Number of examples before the first synthetic one.
        seed: Seed of the random choices.

    Example:
        >>> model = Augmented({"family": "hashed-logistic", "bits": 8}, share=1.0, first_lesson=2)
        >>> for text, bad in (("lovely shoes", False), ("cheap pills", True)) * 3:
        ...     model.learn_one({"text": text}, bad=bad)
        >>> model.predict_one({"text": "cheap pills"}) > model.predict_one({"text": "lovely shoes"})
        True
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
        self._benign_texts: list[str] = []
        self._seen = 0

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """The model learns the example and, for a share of the examples, a synthetic one made from it."""
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if not bad:
            self._remember(features)
        if self._seen > self.first_lesson and pieces(features) and self._random.random() < self.share:
            self._model.learn_one(self._made_from(features, bad=bad), bad=bad, weight=weight * self.weight)

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"harmless": list(self._benign_texts), "seen": self._seen}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._benign_texts = list(map(str, state["harmless"]))
        self._seen = int(state["seen"])

    def _remember(self, features: Features) -> None:
        for piece in (piece.encode("utf-8", "replace").decode() for piece in pieces(features)):
            if len(self._benign_texts) < _KEPT:
                self._benign_texts.append(piece)
            else:
                self._benign_texts[self._random.randrange(_KEPT)] = piece

    def _made_from(self, features: Features, *, bad: bool) -> dict[str, Any]:
        if not bad:
            return look_alike(features, self._benign_texts, self._random)
        made = padded(features, self._benign_texts, self._random)
        if self._seen > 2 * self.first_lesson and self._random.random() < 0.3:  # noqa: PLR2004 -- most are only padded
            made = disguised(made, self._random)
        return made
