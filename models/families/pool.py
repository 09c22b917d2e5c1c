"""Opinions of members that know different things, as one: calibrated each, and weighted by what each has lost so far.

The pool's log-odds are the mean of two: of a weighted mean, and of a regression on the members (stacking). The first is
better on dozens of examples, the second on thousands. In the weighted mean, a weight falls exponentially with its
member's log loss, so that the mean loses little more than the best member (Vovk, "Aggregating Strategies", COLT 1990).
A member that says nothing of an example is left out of it (Freund et al., "Using and Combining Predictors That
Specialize", STOC 1997). A share of the weights is spread evenly again with each example, so that another member may
become the best (Herbster and Warmuth, "Tracking the Best Expert", Machine Learning 32, 1998).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.families.base import LearnedPart
from models.families.bayesian_regression import BayesianRegression
from models.families.hashed_regression import probability

if TYPE_CHECKING:
    import numpy as np

LARGEST = 9.0
"""Log-odds beyond which an opinion says nothing more."""
_CURVATURE = 0.01
_LEAST_SLOPE = 0.05
_STACK_VARIANCE = 0.3
_STACK_DRIFT = 1e-4
Opinion = float | None
"""Log-odds; None of a member that says nothing."""


class Calibration:
    """Slope and intercept of a member's log-odds, by Newton steps (Platt scaling, online)."""

    __slots__ = ("belief", "intercept", "slope")

    def __init__(self) -> None:
        self.slope, self.intercept = 1.0, 0.0
        self.belief = [0.25, 0.0, 1.0]

    def apply(self, log_odds: float) -> float:
        """Calibrated log-odds."""
        clipped = max(-LARGEST, min(LARGEST, log_odds))
        return max(-LARGEST, min(LARGEST, self.slope * clipped + self.intercept))

    def learn(self, log_odds: float, *, bad: bool, weight: float) -> None:
        """One step; the slope stays positive, so that a member that errs is left out and not believed in reverse."""
        x = max(-LARGEST, min(LARGEST, log_odds))
        chance = probability(self.apply(log_odds))
        curvature = weight * max(chance * (1.0 - chance), _CURVATURE)
        slopes, both, intercepts = self.belief
        first, second = slopes * x + both, both * x + intercepts
        shrinkage = 1.0 + curvature * (first * x + second)
        step = weight * (bad - chance) / shrinkage
        self.slope = max(_LEAST_SLOPE, self.slope + first * step)
        self.intercept += second * step
        factor = curvature / shrinkage
        self.belief = [slopes - factor * first * first, both - factor * first * second, intercepts - factor * second**2]


class Pool(LearnedPart):
    """Calibrations and weights of the members, and the regression on what they say.

    Args:
        members: How many there are.
        sharpness: Times log loss, in the exponent of a weight.
        share: Of the weights, how much is spread evenly with each example.
    """

    def __init__(self, members: int, sharpness: float, share: float) -> None:
        self._sharpness = sharpness
        self._share = share
        self._calibrations = [Calibration() for _ in range(members)]
        self._weights = [1.0 / members] * members
        self._stack = BayesianRegression(members, _STACK_VARIANCE, _STACK_DRIFT)
        self._stack.mean[:members] = 1.0 / members

    def log_odds(self, opinions: Sequence[Opinion]) -> float:
        """The pool's log-odds; 0 before anything was learned."""
        total = weights = 0.0
        row = [0.0] * len(opinions)
        for at, opinion in enumerate(opinions):
            if opinion is not None:
                row[at] = self._calibrations[at].apply(opinion)
                total += self._weights[at] * row[at]
                weights += self._weights[at]
        mean = total / weights if weights else 0.0
        return 0.5 * (mean + self._stack.log_odds(_with_one(row)))

    def learn(self, opinions: Sequence[Opinion], *, bad: bool, weight: float) -> None:
        """Weighs the members by what they said, then calibrates them; none of them may have learned the example yet."""
        row = [
            0.0 if opinion is None else calibration.apply(opinion)
            for opinion, calibration in zip(opinions, self._calibrations, strict=True)
        ]
        self._stack.learn(_with_one(row), bad=bad, weight=weight)
        awake = [at for at, opinion in enumerate(opinions) if opinion is not None]
        before = sum(self._weights[at] for at in awake)
        for at in awake:
            chance = probability(row[at])
            loss = -math.log(chance if bad else 1.0 - chance)
            self._weights[at] *= math.exp(-self._sharpness * weight * loss)
            self._calibrations[at].learn(opinions[at] or 0.0, bad=bad, weight=weight)
        after = sum(self._weights[at] for at in awake)
        for at in awake:
            scaled = self._weights[at] * before / after if after > 0 else before / len(awake)
            self._weights[at] = (1.0 - self._share) * scaled + self._share * before / len(awake)

    def state(self) -> dict[str, Any]:
        """Weights and calibrations."""
        return {
            "weights": list(self._weights),
            "stack": self._stack.state(),
            "calibrations": [[one.slope, one.intercept, *one.belief] for one in self._calibrations],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave.

        Raises:
            IndexError, KeyError, TypeError, ValueError: it is not of this kind.
        """
        weights = [float(weight) for weight in state["weights"]]
        if len(weights) != len(self._weights) or not all(math.isfinite(weight) and weight >= 0 for weight in weights):
            raise ValueError("other weights")
        for calibration, row in zip(self._calibrations, state["calibrations"], strict=True):
            slope, intercept, *belief = map(float, row)
            if not all(map(math.isfinite, (slope, intercept, *belief))) or len(belief) != len(calibration.belief):
                raise ValueError("another calibration")
            calibration.slope, calibration.intercept, calibration.belief = slope, intercept, belief
        self._stack.restore(state["stack"])
        self._weights = weights


def _with_one(row: list[float]) -> np.ndarray:
    import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

    return np.array([*row, 1.0])
