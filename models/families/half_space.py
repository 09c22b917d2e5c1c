"""Half-space trees: how unusual a session is, before anybody has labelled one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, LearnedPart, Model
from models.families.encoder import squeeze, usable
from models.families.mixer import Mixer
from models.families.number_table import FARTHEST, NUMBERS, numbers
from models.families.river_part import RiverPart

_MIDDLE = 0.5
_FARTHEST_SCALED = 8.0
_PLAIN_BELOW = 1e9
"""Numbers from 0 up to this need no bounds: their logarithm is less than `FARTHEST`."""
_STATE = frozenset(
    {
        "builtins:float",
        "builtins:int",
        "builtins:tuple",
        "collections:Counter",
        "collections:defaultdict",
        "functools:partial",
        "random:Random",
        "river.anomaly.hst:HalfSpaceTrees",
        "river.preprocessing.scale:StandardScaler",
        "river.stats.mean:Mean",
        "river.stats.var:Var",
        "river.tree.padded:PaddedBranch",
        "river.tree.padded:PaddedLeaf",
    }
)


class HalfSpace(Model):
    """Half-space trees over the registry's numbers (Tan, Ting and Liu, IJCAI 2011).

    `unusual` needs no label. As a member of a stack it gives a probability: what unusual means is learned from labels.

    Args:
        trees: How many.
        height: Of each: a tree has `2 ** (height + 1)` nodes, whatever it sees.
        window: Examples that make up a picture of what is usual.
        seed: Decides where trees split.
        mixing: First step of the mixer.
    """

    family: ClassVar[str] = "half-space-trees"

    def __init__(self, trees: int = 10, height: int = 6, window: int = 250, seed: int = 1, mixing: float = 0.2) -> None:
        from river import anomaly, preprocessing, stats  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self.trees = trees
        self.height = height
        self.window = window
        self.seed = seed
        self.mixing = mixing
        self._scaler: Any = preprocessing.StandardScaler()
        self._estimator: Any = anomaly.HalfSpaceTrees(n_trees=trees, height=height, window_size=window, seed=seed)
        self._scores: Any = stats.Var()
        self._river = RiverPart([self._estimator, self._scaler, self._scores], _STATE)
        self._mixer = Mixer(1, mixing)

    def unusual(self, features: Features) -> float:
        """How unusual the session is, in standard deviations of that; 0 while nothing is known."""
        return self.deviation(features) or 0.0

    def deviation(self, features: Features) -> float | None:
        """The same; None while nothing is known: a first window is not full, or all sessions since were alike."""
        spread = math.sqrt(max(self._scores.get(), 0.0))
        if not spread:
            return None
        score = float(self._estimator.score_one(_Scaled(features, self._scaler)))
        return (score - float(self._scores.mean.get())) / spread

    def see(self, features: Features) -> None:
        """Learns what is usual from a session that nobody has labelled."""
        found = numbers(features)
        if not found:
            return
        self._scaler.learn_one(found)
        # The first example makes the trees, of all names that it has.
        scaled = _Scaled(features, self._scaler) if self._estimator.trees else self._scaled(features)
        score = float(self._estimator.score_one(scaled))
        if score:  # 0 exactly until a first window is full
            self._scores.update(score)
        self._estimator.learn_one(scaled)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, as far as being unusual tells it."""
        return self._mixer.mix((self._opinion(features),))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Sees the example, and learns what being unusual means."""
        self._mixer.learn((self._opinion(features),), bad=bad, weight=weight)
        self.see(features)

    def _parts(self) -> dict[str, LearnedPart]:
        return {"parts": self._river, "mixer": self._mixer}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._estimator, self._scaler, self._scores = self._river.value

    def _opinion(self, features: Features) -> float:
        return 1.0 / (1.0 + math.exp(-max(-8.0, min(8.0, self.unusual(features)))))

    def _scaled(self, features: Features) -> dict[str, float]:
        """All numbers of the registry between 0 and 1: what is missing lies in the middle."""
        scaled = _Scaled(features, self._scaler)
        return {name: scaled[name] for name in NUMBERS}


class _Scaled(dict[str, float]):
    """Numbers of the registry between 0 and 1, each computed when a tree first asks for it.

    The walk through ten trees asks for half of them, and to compute all took 43 of the 51 µs of a score.
    """

    __slots__ = ("_features", "_means", "_variances")

    def __init__(self, features: Features, scaler: Any) -> None:  # noqa: ANN401 -- River has no types
        super().__init__()
        self._features = features
        self._means: Mapping[str, float] = scaler.means
        self._variances: Mapping[str, float] = scaler.vars

    def __missing__(self, name: str) -> float:
        """What is missing lies in the middle, and so does a number that never varied."""
        self[name] = scaled = self._scale(name)
        return scaled

    def _scale(self, name: str) -> float:
        variance = self._variances.get(name)
        if not variance:
            return _MIDDLE
        value = self._features.get(name)
        if value.__class__ is float and 0.0 <= value < _PLAIN_BELOW:
            logarithm = math.log1p(value)
        else:
            number = usable(name, value) if value is not None else None
            if number is None:
                return _MIDDLE
            logarithm = max(-FARTHEST, min(FARTHEST, squeeze(number)))
        # As `StandardScaler.transform_one` does it, to the last bit.
        return _squash((logarithm - self._means[name]) / variance**0.5)


def _squash(standardised: float) -> float:
    if -_FARTHEST_SCALED < standardised < _FARTHEST_SCALED:
        return 1.0 / (1.0 + math.exp(-standardised))
    return 1.0 / (1.0 + math.exp(math.copysign(_FARTHEST_SCALED, -standardised)))
