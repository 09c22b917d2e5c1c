"""How much abuse is found at all: an estimate with its interval, from the few sessions that somebody was asked about.

What is flagged tells nothing of what was missed. Only sessions that were chosen without looking at the verdict do, or
with known chances in each stratum of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DRAWS = 4_000
_SEED = 1
_QUANTILES = (0.0175, 0.5, 0.9825)
"""A little wider than 95 %, since with few answers intervals cover less than they claim."""
_PRIOR = 0.5
"""Jeffreys' prior: intervals of a share cover the truth about as often as they claim, also with few answers."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Sessions among which those to be asked about were drawn at random."""

    flagged: bool
    sessions: int
    """All of them."""
    answered: int
    bad: int
    """Of those answered."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and the bounds between which the truth lies in 95 of 100 cases."""

    low: float
    estimate: float
    high: float


def recall_interval(strata: Sequence[Stratum]) -> Interval:
    """Share of the abuse that is flagged.

    Each stratum's answers say what share of it is bad, within what chance allows (Jeffreys' posterior); of sessions
    that nobody answered about, a binomial number is bad. Recall is computed for many draws of these.
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
    """A share, from answers about a uniform sample: of the bad ones in it, so many were flagged."""
    chance = np.random.default_rng(_SEED)
    low, middle, high = np.quantile(chance.beta(_PRIOR + hits, _PRIOR + answered - hits, _DRAWS), _QUANTILES)
    return Interval(float(low), float(middle), float(high))
