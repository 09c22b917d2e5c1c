"""Hard examples, replayed among easy ones: what a model was wrong or unsure about, learned more than once.

The very hardest are left out: an example that a trained model is surest about and wrong is more often a wrong label
than a lesson (Han et al., "Co-teaching", NeurIPS 2018, drop them for that).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar, Self

from models.base import Features, Model, not_mine
from models.encoder import usable
from models.ensemble import Ensemble
from models.stack import MEMBERS

_FORMAT = 1
_UNSURE = 0.25
"""A surprise of so much probability, or more, makes an example hard: 0.75 or less for what was right."""


class HardMining(Model):
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
        declared = dict(model or {"family": Ensemble.family})
        family = declared.pop("family")
        if family not in MEMBERS:
            raise ValueError(f"{family!r} is no family that could be taught: {', '.join(sorted(MEMBERS))}")
        self.every = every
        self.kept = kept
        self.left_out = left_out
        self.seed = seed
        self._model = MEMBERS[family](**declared)
        self._random = Random(seed)  # noqa: S311 -- a seed must give the same again
        self._hard: list[tuple[dict[str, Any], bool, float]] = []
        self._seen = 0
        self._met = 0

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """As given to the constructor, the model's in full."""
        return {
            "model": {"family": self._model.family, **self._model.hyper_parameters},
            "every": self.every,
            "kept": self.kept,
            "left_out": self.left_out,
            "seed": self.seed,
        }

    def predict_one(self, features: Features) -> float:
        """As the model says."""
        return self._model.predict_one(features)

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """Lets the model learn the example and, now and then, a hard one again."""
        if not math.isfinite(weight) or weight <= 0:
            return
        if abs(self._model.predict_one(features) - bad) >= _UNSURE:
            self._keep(features, bad, weight)
        self._model.learn_one(features, bad=bad, weight=weight)
        self._seen += 1
        if self._seen % self.every == 0:
            self._replay()

    def state(self) -> dict[str, Any]:
        """The model, the hard examples and the state of chance."""
        version, words, gauss = self._random.getstate()
        return {
            "format": _FORMAT,
            "model": self._model.state(),
            "hard": [[features, bad, weight] for features, bad, weight in self._hard],
            "seen": self._seen,
            "met": self._met,
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
            model._hard = [(dict(features), bool(bad), float(weight)) for features, bad, weight in state["hard"]]
            model._seen, model._met = int(state["seen"]), int(state["met"])
            version, words, gauss = state["chance"]
            model._random.setstate((version, tuple(words), gauss))
        return model

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
