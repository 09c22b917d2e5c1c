"""Logistic regression on a few dozen numbers that learns as much from each example as a batch fit would.

A Gaussian belief over the weights is updated with each example by a Newton step (Chapelle and Li, "An Empirical
Evaluation of Thompson Sampling", NIPS 2011, with the full covariance). The first dozens of examples decide then already
which numbers matter, where gradient steps need hundreds.

References:
    MacKay, "The Evidence Framework Applied to Classification Networks", Neural Computation 4, 1992.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.families.base import LearnedPart
from models.families.hashed_regression import probability

if TYPE_CHECKING:
    import numpy as np

_MOST_CURVED = 0.25
"""Largest second derivative of the log loss by the log-odds."""
_INTERCEPT_VARIANCE = 1.0
_LEAST_CURVATURE = 0.01


class BayesianRegression(LearnedPart):
    """Means and covariance of the weights of named numbers.

    Args:
        columns: How many numbers there are, which bounds the state.
        variance: Prior variance of a weight.
        drift: Added to each variance with each example, up to the prior's, so that later examples keep counting.
    """

    def __init__(self, columns: int, variance: float, drift: float) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self._variance = variance
        self._drift = drift
        self.mean = np.zeros(columns + 1)
        self._covariance = np.diag([*([variance] * columns), _INTERCEPT_VARIANCE])

    def log_odds(self, row: np.ndarray) -> float:
        """Log-odds of abuse for scaled numbers, the last of which is 1."""
        return float(self.mean @ row)

    def learn(self, row: np.ndarray, *, bad: bool, weight: float) -> None:
        """One Newton step."""
        import numpy as np  # noqa: PLC0415 -- as above

        chance = probability(self.log_odds(row))
        curvature = weight * min(_MOST_CURVED, max(chance * (1.0 - chance), _LEAST_CURVATURE))
        direction = self._covariance @ row
        shrinkage = 1.0 + curvature * float(row @ direction)
        self.mean += direction * (weight * (bad - chance) / shrinkage)
        direction *= math.sqrt(curvature / shrinkage)
        self._covariance -= np.outer(direction, direction)  # symmetric to the last bit, as `state` expects
        diagonal = np.einsum("ii->i", self._covariance)
        diagonal += self._drift * np.maximum(self._variance - diagonal, 0.0)

    def state(self) -> dict[str, Any]:
        """Means, and the rows of the covariance that examples have changed, as a lower triangle."""
        used = [at for at in range(len(self.mean)) if self._is_used(at)]
        return {
            "used": used,
            "mean": self.mean[used].tolist(),
            "covariance": [self._covariance[at, used[: number + 1]].tolist() for number, at in enumerate(used)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave.

        Raises:
            IndexError, KeyError, TypeError, ValueError: it is not of this kind.
        """
        used = state["used"]
        if any(not 0 <= at < len(self.mean) for at in used):
            raise ValueError("a number that is not there")
        self.mean[used] = state["mean"]
        for number, (at, values) in enumerate(zip(used, state["covariance"], strict=True)):
            if not all(map(math.isfinite, values)):
                raise ValueError("a covariance is not finite")
            self._covariance[at, used[: number + 1]] = values
            self._covariance[used[: number + 1], at] = values

    def _is_used(self, at: int) -> bool:
        prior = self._variance if at < len(self.mean) - 1 else _INTERCEPT_VARIANCE
        return bool(self.mean[at] != 0.0 or self._covariance[at, at] != prior)
