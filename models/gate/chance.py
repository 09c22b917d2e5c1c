"""What chance alone explains."""

from __future__ import annotations

import math

UNLIKELY = 0.05
"""Probability below which a finding is not taken for chance."""
_MOST_EXACT = 1_029
"""With one try more, the number of combinations is beyond what a float holds: logarithms are summed from there on."""


def chance_of_at_least(hits: int, of: int, share: float) -> float:
    """Probability of at least so many hits, each of that probability (above 0 and below 1).

    Up to `_MOST_EXACT` tries it is the plain sum, so that decisions on record come out the same again.
    """
    if of <= _MOST_EXACT:
        return sum(math.comb(of, at) * share**at * (1.0 - share) ** (of - at) for at in range(hits, of + 1))
    if hits <= 0:
        return 1.0
    log_hit, log_miss = math.log(share), math.log1p(-share)

    def chance(at: int) -> float:
        log_combinations = math.lgamma(of + 1) - math.lgamma(at + 1) - math.lgamma(of - at + 1)
        return math.exp(log_combinations + at * log_hit + (of - at) * log_miss)

    return math.fsum(map(chance, range(hits, of + 1)))
