"""Combines the predictions of members that see different parts of an example: each calibrated, weighted by its loss.

The pool's log-odds are the mean of two: of a weighted mean, and of a regression on the members (stacking). The first is
better on dozens of examples, the second on thousands. In the weighted mean, a weight falls exponentially with its
member's log loss, so that the loss of the mean is little more than that of the best member (aggregating algorithm). A
member without a prediction for an example is left out of it (specialists). With each example a share of the weights is
spread evenly again, so that another member may become the best (fixed share).

References:
    Vovk, "Aggregating Strategies", COLT 1990.
    Freund et al., "Using and Combining Predictors That Specialize", STOC 1997.
    Herbster and Warmuth, "Tracking the Best Expert", Machine Learning 32, 1998.
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
"""Log-odds at which predictions are clipped: a probability of 1 in 8,000."""
_CURVATURE = 0.01
"""Least second derivative in a Newton step, so that a confident member still settles."""
_LEAST_SLOPE = 0.05
"""A member that is wrong is nearly left out. A negative slope would invert its predictions."""
_STACK_VARIANCE = 0.3
"""Prior variance of the regression's weights."""
_STACK_DRIFT = 1e-4
"""Share by which the variances return to the prior with each example."""
Prediction = float | None
"""Log-odds of abuse; None if the member has no prediction for the example."""


class Calibration:
    """Slope and intercept of a member's log-odds, learned by Newton steps (online Platt scaling).

    Example:
        >>> calibration = Calibration()
        >>> calibration.apply(2.0)
        2.0
        >>> for _ in range(20):
        ...     calibration.learn(2.0, bad=False, weight=1.0)
        >>> calibration.apply(2.0) < 0
        True
    """

    __slots__ = ("belief", "intercept", "slope")

    def __init__(self) -> None:
        self.slope, self.intercept = 1.0, 0.0
        self.belief = [0.25, 0.0, 1.0]

    def apply(self, log_odds: float) -> float:
        """Calibrated log-odds, clipped to `LARGEST`."""
        clipped = max(-LARGEST, min(LARGEST, log_odds))
        return max(-LARGEST, min(LARGEST, self.slope * clipped + self.intercept))

    def learn(self, log_odds: float, *, bad: bool, weight: float) -> None:
        """Updates slope and intercept by one Newton step on the log loss.

        Args:
            log_odds: The member's prediction, computed before it learned this example.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
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
    """Calibrations and weights of the members, and the regression on their calibrated log-odds.

    Args:
        members: Number of members.
        sharpness: Factor of the log loss in the exponent of a weight: the learning rate of the aggregating algorithm.
        share: Share of the weights that is spread evenly with each example, from 0 to 1.

    Example:
        >>> pool = Pool(2, sharpness=0.3, share=0.002)
        >>> for _ in range(10):
        ...     pool.learn([2.0, -2.0], bad=True, weight=1.0)
        >>> pool.log_odds([2.0, -2.0]) > 0
        True
        >>> pool.log_odds([2.0, None]) > 0
        True

    References:
        See the module.
    """

    def __init__(self, members: int, sharpness: float, share: float) -> None:
        self._sharpness = sharpness
        self._share = share
        self._calibrations = [Calibration() for _ in range(members)]
        self._weights = [1.0 / members] * members
        self._stack = BayesianRegression(members, _STACK_VARIANCE, _STACK_DRIFT)
        self._stack.mean[:members] = 1.0 / members

    def log_odds(self, predictions: Sequence[Prediction]) -> float:
        """Combines predictions.

        Args:
            predictions: Log-odds of abuse by each member; None without a prediction.

        Returns:
            Log-odds of abuse; 0 without any prediction before the first example.
        """
        total = weights = 0.0
        row = [0.0] * len(predictions)
        for at, prediction in enumerate(predictions):
            if prediction is not None:
                row[at] = self._calibrations[at].apply(prediction)
                total += self._weights[at] * row[at]
                weights += self._weights[at]
        mean = total / weights if weights else 0.0
        return 0.5 * (mean + self._stack.log_odds(_with_one(row)))

    def learn(self, predictions: Sequence[Prediction], *, bad: bool, weight: float) -> None:
        """Updates weights, regression and calibrations.

        Args:
            predictions: Log-odds of abuse by each member, computed before it learned this example.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
        row = [
            0.0 if prediction is None else calibration.apply(prediction)
            for prediction, calibration in zip(predictions, self._calibrations, strict=True)
        ]
        self._stack.learn(_with_one(row), bad=bad, weight=weight)
        awake = [at for at, prediction in enumerate(predictions) if prediction is not None]
        before = sum(self._weights[at] for at in awake)
        for at in awake:
            chance = probability(row[at])
            loss = -math.log(chance if bad else 1.0 - chance)
            self._weights[at] *= math.exp(-self._sharpness * weight * loss)
            self._calibrations[at].learn(predictions[at] or 0.0, bad=bad, weight=weight)
        after = sum(self._weights[at] for at in awake)
        for at in awake:
            scaled = self._weights[at] * before / after if after > 0 else before / len(awake)
            self._weights[at] = (1.0 - self._share) * scaled + self._share * before / len(awake)

    def state(self) -> dict[str, Any]:
        """Weights, regression and calibrations."""
        return {
            "weights": list(self._weights),
            "stack": self._stack.state(),
            "calibrations": [[one.slope, one.intercept, *one.belief] for one in self._calibrations],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        weights = [float(weight) for weight in state["weights"]]
        if len(weights) != len(self._weights) or not all(math.isfinite(weight) and weight >= 0 for weight in weights):
            raise ValueError(f"weights that are not {len(self._weights)} finite numbers of at least 0")
        for calibration, row in zip(self._calibrations, state["calibrations"], strict=True):
            slope, intercept, *belief = map(float, row)
            if not all(map(math.isfinite, (slope, intercept, *belief))) or len(belief) != len(calibration.belief):
                raise ValueError("a calibration of another form")
            calibration.slope, calibration.intercept, calibration.belief = slope, intercept, belief
        self._stack.restore(state["stack"])
        self._weights = weights


def _with_one(row: list[float]) -> np.ndarray:
    import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

    return np.array([*row, 1.0])
