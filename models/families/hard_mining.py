"""Hard example mining around another model: examples with a large error are learned more than once.

The very hardest are left out. An example on which a trained model is confident and wrong has more often a wrong label
than something to teach (Han et al., "Co-teaching", NeurIPS 2018, drop such examples for that reason).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features
from models.families.encoder import usable
from models.families.wrapped import Wrapped

_HARD_FROM = 0.25
"""Absolute error of the prediction from which an example is hard: at most 0.75 for its true class."""


class HardMining(Wrapped):
    """Teaches a model one of its hard examples again after every `every` examples.

    Args:
        model: `family` and hyper-parameters of the model inside; without it, the shipped family.
        every: Number of examples between two replays, at least 1.
        kept: Number of hard examples kept: a uniform sample of all so far.
        left_out: Share of the kept ones, the very hardest, that are not replayed, from 0 to 1.
        seed: Seed of the random choices.

    Example:
        >>> model = HardMining({"family": "hashed-logistic", "bits": 8}, every=2, kept=10)
        >>> for _ in range(4):
        ...     model.learn_one({"text": "cheap pills"}, bad=True)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5
        True

    References:
        Han et al., "Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels", NeurIPS 2018.
    """

    family: ClassVar[str] = "hard-mining"

    def __init__(
        self,
        model: Mapping[str, Any] | None = None,
        every: int = 100,
        kept: int = 500,
        left_out: float = 0.1,
        seed: int = 1,
    ) -> None:
        super().__init__(model, seed)
        self.every = every
        self.kept = kept
        self.left_out = left_out
        self._hard: list[tuple[dict[str, Any], bool, float]] = []
        self._seen = 0
        self._hard_seen = 0

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """The model learns the example and, after every `every` of them, a hard one again."""
        if abs(self._model.predict_one(features) - bad) >= _HARD_FROM:
            self._keep(features, bad, weight)
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if self._seen % self.every == 0:
            self._replay()

    def _state(self) -> dict[str, Any]:
        return super()._state() | {
            "hard": [[features, bad, weight] for features, bad, weight in self._hard],
            "seen": self._seen,
            "met": self._hard_seen,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._hard = [(dict(features), bool(bad), float(weight)) for features, bad, weight in state["hard"]]
        self._seen, self._hard_seen = int(state["seen"]), int(state["met"])

    def _keep(self, features: Features, bad: bool, weight: float) -> None:  # noqa: FBT001 -- an example's own
        """Keeps a uniform sample of all hard examples so far (reservoir sampling)."""
        self._hard_seen += 1
        at = len(self._hard) if len(self._hard) < self.kept else self._random.randrange(self._hard_seen)
        if at < self.kept:
            self._hard[at : at + 1] = [(_plain(features), bad, weight)]

    def _replay(self) -> None:
        """Teaches one example that is still hard, chosen at random, the very hardest left out."""
        errors = [abs(self._model.predict_one(features) - bad) for features, bad, _ in self._hard]
        by_hardness = sorted(range(len(errors)), key=lambda at: (errors[at], at))
        teachable = by_hardness[: math.floor(len(by_hardness) * (1.0 - self.left_out))]
        hard = [at for at in teachable if errors[at] >= _HARD_FROM]
        if hard:
            features, bad, weight = self._hard[self._random.choice(hard)]
            self._model.learn_one(features, bad=bad, weight=weight)


def _plain(features: Features) -> dict[str, Any]:
    """Those features that JSON can carry without a change: texts in valid Unicode, and finite numbers."""
    found: dict[str, Any] = {}
    for name, value in features.items():
        if isinstance(value, str):
            found[str(name)] = value.encode("utf-8", "replace").decode()
        elif (number := usable(name, value)) is not None:
            found[str(name)] = number
    return found
