"""Several opinions as one probability that means one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.families.base import LearnedPart

_SUREST = 9.0
"""Log-odds beyond which an opinion says nothing more: one chance in eight thousand."""
_FIRST_SQUARE = 1.0
"""AdaGrad's sum of squares at the start: without it the first few examples would throw the weights about."""


class Mixer(LearnedPart):
    """Weighs log-odds by how right they were, and learns how sure they may be (stacking that calibrates).

    Starts as their mean. A weight is never negative: whoever is wrong all the time is left out, not believed in
    reverse. With a rate of 0 it stays the mean.

    Args:
        opinions: How many there are.
        rate: AdaGrad's first step.
    """

    def __init__(self, opinions: int, rate: float) -> None:
        self._rate = rate
        self._weights = [1.0 / opinions] * opinions
        self._bias = 0.0
        self._squares = [_FIRST_SQUARE] * (opinions + 1)

    def mix(self, opinions: Sequence[float]) -> float:
        """The probability that follows from these."""
        total = self._bias
        for weight, opinion in zip(self._weights, opinions, strict=True):
            total += weight * _log_odds(opinion)
        return _probability(total)

    def mix_log_odds(self, opinions: Sequence[float]) -> float:
        """The same, of opinions given as log-odds."""
        total = self._bias
        for weight, opinion in zip(self._weights, opinions, strict=True):
            total += weight * max(-_SUREST, min(_SUREST, opinion))
        return _probability(total)

    def learn(self, opinions: Sequence[float], *, bad: bool, weight: float) -> None:
        """One step; the opinions must have been given before the example was learned."""
        if not self._rate:
            return
        surprise = weight * (self.mix(opinions) - bad)
        for at, opinion in enumerate(opinions):
            self._weights[at] = max(0.0, self._weights[at] - self._step(at, surprise * _log_odds(opinion)))
        self._bias -= self._step(len(self._weights), surprise)

    def state(self) -> dict[str, Any]:
        """Weights, bias and sums of squared gradients."""
        return {"weights": list(self._weights), "bias": self._bias, "squares": list(self._squares)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is not of this kind.
        """
        weights, squares, bias = state["weights"], state["squares"], state["bias"]
        if len(weights) != len(self._weights) or len(squares) != len(self._squares):
            raise ValueError("another number of opinions")
        if not all(map(math.isfinite, (*weights, *squares, bias))) or min(squares) <= 0:
            raise ValueError("a weight is not finite")
        self._weights, self._squares, self._bias = list(map(float, weights)), list(map(float, squares)), float(bias)

    def _step(self, at: int, gradient: float) -> float:
        self._squares[at] += gradient * gradient
        return self._rate * gradient / math.sqrt(self._squares[at])


def _log_odds(probability: float) -> float:
    if not 0.0 < probability < 1.0:
        return _SUREST if probability >= 1.0 else -_SUREST
    return max(-_SUREST, min(_SUREST, math.log(probability / (1.0 - probability))))


def _probability(log_odds: float) -> float:
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)
