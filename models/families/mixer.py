"""Combines the probabilities of several members into one calibrated probability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.families.base import LearnedPart

_LARGEST_LOG_ODDS = 9.0
"""Log-odds at which predictions are clipped: a probability of 1 in 8,000. A prediction of 1 would be infinite."""
_FIRST_SQUARE = 1.0
"""AdaGrad's initial sum of squares. With 0, the first example would move each weight by the full rate."""


class Mixer(LearnedPart):
    """Logistic regression on the members' log-odds (stacking), which also calibrates them.

    It starts as the mean of the log-odds. Weights are never negative: a member that is always wrong gets the weight 0,
    and its prediction is not inverted, since it may be right again after a drift.

    Args:
        predictions: Number of members.
        rate: Learning rate of AdaGrad. With 0, the mixer stays the mean.

    Example:
        >>> mixer = Mixer(2, rate=0.2)
        >>> mixer.mix([0.5, 0.5])
        0.5
        >>> for _ in range(20):
        ...     mixer.learn([0.9, 0.5], bad=True, weight=1.0)
        >>> mixer.mix([0.9, 0.5]) > 0.8
        True

    References:
        Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 12, 2011.
    """

    def __init__(self, predictions: int, rate: float) -> None:
        self._rate = rate
        self._weights = [1.0 / predictions] * predictions
        self._bias = 0.0
        self._squares = [_FIRST_SQUARE] * (predictions + 1)

    def mix(self, predictions: Sequence[float]) -> float:
        """Combines probabilities.

        Args:
            predictions: Probability of abuse by each member.

        Returns:
            Probability of abuse.

        Raises:
            ValueError: there is another number of predictions than of members.
        """
        total = self._bias
        for weight, prediction in zip(self._weights, predictions, strict=True):
            total += weight * _log_odds(prediction)
        return _probability(total)

    def mix_log_odds(self, predictions: Sequence[float]) -> float:
        """As `mix`, for predictions that are log-odds."""
        total = self._bias
        for weight, prediction in zip(self._weights, predictions, strict=True):
            total += weight * max(-_LARGEST_LOG_ODDS, min(_LARGEST_LOG_ODDS, prediction))
        return _probability(total)

    def learn(self, predictions: Sequence[float], *, bad: bool, weight: float) -> None:
        """Updates the weights by one AdaGrad step on the log loss.

        Args:
            predictions: Probability of abuse by each member, computed before the member learned this example.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
        if not self._rate:
            return
        error = weight * (self.mix(predictions) - bad)
        for at, prediction in enumerate(predictions):
            self._weights[at] = max(0.0, self._weights[at] - self._step(at, error * _log_odds(prediction)))
        self._bias -= self._step(len(self._weights), error)

    def state(self) -> dict[str, Any]:
        """Weights, bias and sums of squared gradients."""
        return {"weights": list(self._weights), "bias": self._bias, "squares": list(self._squares)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        weights, squares, bias = state["weights"], state["squares"], state["bias"]
        if len(weights) != len(self._weights) or len(squares) != len(self._squares):
            raise ValueError(f"{len(weights)} predictions instead of {len(self._weights)}")
        if not all(map(math.isfinite, (*weights, *squares, bias))) or min(squares) <= 0:
            raise ValueError("a weight is not finite, or a sum of squares is not positive")
        self._weights, self._squares, self._bias = list(map(float, weights)), list(map(float, squares)), float(bias)

    def _step(self, at: int, gradient: float) -> float:
        self._squares[at] += gradient * gradient
        return self._rate * gradient / math.sqrt(self._squares[at])


def _log_odds(probability: float) -> float:
    if not 0.0 < probability < 1.0:
        return _LARGEST_LOG_ODDS if probability >= 1.0 else -_LARGEST_LOG_ODDS
    return max(-_LARGEST_LOG_ODDS, min(_LARGEST_LOG_ODDS, math.log(probability / (1.0 - probability))))


def _probability(log_odds: float) -> float:
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)
