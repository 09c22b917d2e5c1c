"""Half-space trees: an anomaly score of sessions, which needs no labels."""

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
"""Where a missing number lies between 0 and 1."""
_FARTHEST_SCALED = 8.0
"""Standard deviations at which a number is clipped before it is mapped to 0 to 1."""
_PLAIN_BELOW = 1e9
"""Numbers from 0 up to this need no clipping, since their logarithm is less than `FARTHEST`."""
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
"""Classes and functions that the state of these estimators consists of."""


class HalfSpace(Model):
    """Half-space trees over the registry's numbers.

    `see` and `unusual` need no labels. For the contract of a model, a mixer learns from labels which probability of
    abuse follows from an anomaly score.

    Args:
        trees: Number of trees.
        height: Height of each tree, which has `2 ** (height + 1)` nodes.
        window: Number of examples in the reference window, with whose density new examples are compared.
        seed: Seed of the trees' splits.
        mixing: Learning rate of the mixer.

    Example:
        >>> model = HalfSpace(trees=3, height=3, window=10)
        >>> for number in range(30):
        ...     model.see(dict.fromkeys(NUMBERS, 5.0 + number % 3))
        >>> model.unusual(dict.fromkeys(NUMBERS, 5_000.0)) > model.unusual(dict.fromkeys(NUMBERS, 6.0))
        True

    References:
        Tan, Ting and Liu, "Fast Anomaly Detection for Streaming Data", IJCAI 2011.
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
        """The result of `deviation`; 0 where that is None."""
        return self.deviation(features) or 0.0

    def deviation(self, features: Features) -> float | None:
        """Anomaly score of a session.

        Args:
            features: Features of the session.

        Returns:
            Distance from the mean anomaly score of the sessions so far, in standard deviations; None until the first
            window is full, and while all scores since are equal.
        """
        spread = math.sqrt(max(self._scores.get(), 0.0))
        if not spread:
            return None
        score = float(self._estimator.score_one(_Scaled(features, self._scaler)))
        return (score - float(self._scores.mean.get())) / spread

    def see(self, features: Features) -> None:
        """Learns from a session without a label; one without a usable number is ignored."""
        found = numbers(features)
        if not found:
            return
        self._scaler.learn_one(found)
        # The first example builds the trees, which split on the names that it has: it needs all of them.
        scaled = _Scaled(features, self._scaler) if self._estimator.trees else self._scaled(features)
        score = float(self._estimator.score_one(scaled))
        if score:  # exactly 0 until the first window is full
            self._scores.update(score)
        self._estimator.learn_one(scaled)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, by the anomaly score alone."""
        return self._mixer.mix((self._prediction(features),))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, then of the trees."""
        self._mixer.learn((self._prediction(features),), bad=bad, weight=weight)
        self.see(features)

    def _parts(self) -> dict[str, LearnedPart]:
        return {"parts": self._river, "mixer": self._mixer}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._estimator, self._scaler, self._scores = self._river.value

    def _prediction(self, features: Features) -> float:
        return 1.0 / (1.0 + math.exp(-max(-8.0, min(8.0, self.unusual(features)))))

    def _scaled(self, features: Features) -> dict[str, float]:
        """All numbers of the registry, scaled to 0 to 1; missing ones are 0.5."""
        scaled = _Scaled(features, self._scaler)
        return {name: scaled[name] for name in NUMBERS}


class _Scaled(dict[str, float]):
    """Numbers of the registry scaled to 0 to 1, each computed when a tree first reads it.

    A walk through ten trees reads half of them. Computing all of them took 43 of the 51 µs of a score.
    """

    __slots__ = ("_features", "_means", "_variances")

    def __init__(self, features: Features, scaler: Any) -> None:  # noqa: ANN401 -- River has no types
        super().__init__()
        self._features = features
        self._means: Mapping[str, float] = scaler.means
        self._variances: Mapping[str, float] = scaler.vars

    def __missing__(self, name: str) -> float:
        """Scales a number; 0.5 if it is missing or has never varied."""
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
        # Equal to `StandardScaler.transform_one` to the last bit: saved trees were grown on its results.
        return _squash((logarithm - self._means[name]) / variance**0.5)


def _squash(standardised: float) -> float:
    if -_FARTHEST_SCALED < standardised < _FARTHEST_SCALED:
        return 1.0 / (1.0 + math.exp(-standardised))
    return 1.0 / (1.0 + math.exp(math.copysign(_FARTHEST_SCALED, -standardised)))
