"""Estimates the recall of the verdicts, with its interval, from the few sessions that have human labels.

Labels of flagged sessions contain no information about missed abuse. The estimate needs sessions that were sampled
independently of the verdict, or with known probabilities in each stratum of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DRAWS = 4_000
_SEED = 1
"""Fixed, so that equal answers give equal intervals."""
_QUANTILES = (0.0175, 0.5, 0.9825)
"""Bounds and estimate. A little wider than 95 %, since with few labels intervals cover less than their level."""
_PRIOR = 0.5
"""Jeffreys' prior: its intervals of a proportion cover close to their level, also with few labels."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Sessions of which a simple random sample has human labels."""

    flagged: bool
    sessions: int
    """Number of sessions in the stratum."""
    answered: int
    """Number of those that have a human label."""
    bad: int
    """Number of labelled ones that are abusive."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % credible interval."""

    low: float
    estimate: float
    high: float


def recall_interval(strata: Sequence[Stratum]) -> Interval:
    """Estimates the share of all abusive sessions that is flagged.

    The labels of each stratum give the posterior of its share of abuse (a beta distribution, by Jeffreys' prior), and
    the number of abusive ones among its unlabelled sessions is binomial. Recall is computed for 4,000 draws of these.

    Args:
        strata: Disjoint strata that together are all sessions.

    Returns:
        Median and interval of the recall, from 0 to 1.

    Example:
        >>> flagged = Stratum(flagged=True, sessions=100, answered=50, bad=45)
        >>> found = recall_interval([flagged, Stratum(flagged=False, sessions=1000, answered=100, bad=0)])
        >>> found.low < 0.9 < found.estimate < found.high <= 1.0
        True
    """
    chance = np.random.default_rng(_SEED)
    flagged, missed = np.zeros(_DRAWS), np.zeros(_DRAWS)
    for stratum in strata:
        share = chance.beta(_PRIOR + stratum.bad, _PRIOR + stratum.answered - stratum.bad, _DRAWS)
        bad = stratum.bad + chance.binomial(stratum.sessions - stratum.answered, share)
        if stratum.flagged:
            flagged += bad
        else:
            missed += bad
    found = np.divide(flagged, flagged + missed, out=np.zeros(_DRAWS), where=flagged + missed > 0)
    low, middle, high = np.quantile(found, _QUANTILES)
    return Interval(float(low), float(middle), float(high))


def share_interval(hits: int, answered: int) -> Interval:
    """Estimates a proportion from a simple random sample, such as the flagged share of labelled abuse.

    Args:
        hits: Number in the sample that has the property.
        answered: Size of the sample.

    Returns:
        Median and interval of the proportion, from 0 to 1.

    Example:
        >>> found = share_interval(8, 10)
        >>> found.low < 0.6 < found.estimate < 0.85 < found.high
        True
    """
    chance = np.random.default_rng(_SEED)
    low, middle, high = np.quantile(chance.beta(_PRIOR + hits, _PRIOR + answered - hits, _DRAWS), _QUANTILES)
    return Interval(float(low), float(middle), float(high))
