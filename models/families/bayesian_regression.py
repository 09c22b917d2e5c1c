"""Bayesian logistic regression on a few dozen numbers, which learns about as much from an example as a batch fit.

Each example updates a Gaussian distribution over the weights by a Newton step. Dozens of examples then show which
numbers matter, where gradient steps need hundreds.

References:
    MacKay, "The Evidence Framework Applied to Classification Networks", Neural Computation 4, 1992.
    Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011 (there with a diagonal covariance).
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
"""Below it an example of which the model is certain would leave the covariance as it is."""


class BayesianRegression(LearnedPart):
    """Gaussian distribution over the weights of a fixed number of columns and an intercept.

    Args:
        columns: Number of columns, without the intercept. The state grows with its square.
        variance: Prior variance of a weight.
        drift: Share of the distance to the prior variance by which each variance grows with each example. With 0, later
            examples count less and less.

    Example:
        >>> import numpy as np
        >>> regression = BayesianRegression(1, variance=1.0, drift=0.0)
        >>> for _ in range(3):
        ...     regression.learn(np.array([1.0, 1.0]), bad=True, weight=1.0)
        ...     regression.learn(np.array([-1.0, 1.0]), bad=False, weight=1.0)
        >>> regression.log_odds(np.array([1.0, 1.0])) > 0.5
        True
    """

    def __init__(self, columns: int, variance: float, drift: float) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self._variance = variance
        self._drift = drift
        self.mean = np.zeros(columns + 1)
        self._covariance = np.diag([*([variance] * columns), _INTERCEPT_VARIANCE])

    def log_odds(self, row: np.ndarray) -> float:
        """Log-odds of abuse by the means of the weights.

        Args:
            row: Array of `columns + 1` scaled numbers, the last of which is 1, for the intercept.
        """
        return float(self.mean @ row)

    def learn(self, row: np.ndarray, *, bad: bool, weight: float) -> None:
        """Updates means and covariance by one Newton step on the log loss.

        Args:
            row: As for `log_odds`.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
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
        """Means and covariance of the columns that examples have changed; the covariance as a lower triangle."""
        used = [at for at in range(len(self.mean)) if self._is_used(at)]
        return {
            "used": used,
            "mean": self.mean[used].tolist(),
            "covariance": [self._covariance[at, used[: number + 1]].tolist() for number, at in enumerate(used)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        used = state["used"]
        if any(not 0 <= at < len(self.mean) for at in used):
            raise ValueError(f"a column outside 0 to {len(self.mean) - 1}")
        self.mean[used] = state["mean"]
        for number, (at, values) in enumerate(zip(used, state["covariance"], strict=True)):
            if not all(map(math.isfinite, values)):
                raise ValueError("a covariance is not finite")
            self._covariance[at, used[: number + 1]] = values
            self._covariance[used[: number + 1], at] = values

    def _is_used(self, at: int) -> bool:
        prior = self._variance if at < len(self.mean) - 1 else _INTERCEPT_VARIANCE
        return bool(self.mean[at] != 0.0 or self._covariance[at, at] != prior)
