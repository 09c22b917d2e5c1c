"""Hard examples, replayed among easy ones: what a model was wrong or unsure about, learned more than once.

The very hardest are left out: an example that a trained model is surest about and wrong is more often a wrong label
than a lesson (Han et al., "Co-teaching", NeurIPS 2018, drop them for that).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features
from models.families.encoder import usable
from models.families.wrapped import Wrapped

_UNSURE = 0.25
"""A surprise of so much probability, or more, makes an example hard: 0.75 or less for what was right."""


class HardMining(Wrapped):
    """A model that is taught its hard examples again, one for every so many that come.

    Args:
        model: Family and hyper-parameters of the model, in one mapping.
        every: Examples that come between two replays.
        kept: Hard examples that are remembered, chosen at random from all so far.
        left_out: Share of those, the very hardest, that are never replayed.
        seed: Decides which are kept and replayed.
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
        self._met = 0

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Lets the model learn the example and, now and then, a hard one again."""
        if abs(self._model.predict_one(features) - bad) >= _UNSURE:
            self._keep(features, bad, weight)
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if self._seen % self.every == 0:
            self._replay()

    def _state(self) -> dict[str, Any]:
        return super()._state() | {
            "hard": [[features, bad, weight] for features, bad, weight in self._hard],
            "seen": self._seen,
            "met": self._met,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._hard = [(dict(features), bool(bad), float(weight)) for features, bad, weight in state["hard"]]
        self._seen, self._met = int(state["seen"]), int(state["met"])

    def _keep(self, features: Features, bad: bool, weight: float) -> None:  # noqa: FBT001 -- an example's own
        """A uniform sample of all hard ones so far (reservoir sampling)."""
        self._met += 1
        at = len(self._hard) if len(self._hard) < self.kept else self._random.randrange(self._met)
        if at < self.kept:
            self._hard[at : at + 1] = [(_plain(features), bad, weight)]

    def _replay(self) -> None:
        """Teaches one of them, chosen by chance, as hard as it is now, the very hardest left out."""
        surprises = [abs(self._model.predict_one(features) - bad) for features, bad, _ in self._hard]
        by_hardness = sorted(range(len(surprises)), key=lambda at: (surprises[at], at))
        teachable = by_hardness[: math.floor(len(by_hardness) * (1.0 - self.left_out))]
        hard = [at for at in teachable if surprises[at] >= _UNSURE]
        if hard:
            features, bad, weight = self._hard[self._random.choice(hard)]
            self._model.learn_one(features, bad=bad, weight=weight)


def _plain(features: Features) -> dict[str, Any]:
    """What of the features can be written down, as it was: texts that are Unicode, and numbers that a model takes."""
    found: dict[str, Any] = {}
    for name, value in features.items():
        if isinstance(value, str):
            found[str(name)] = value.encode("utf-8", "replace").decode()
        elif (number := usable(name, value)) is not None:
            found[str(name)] = number
    return found
