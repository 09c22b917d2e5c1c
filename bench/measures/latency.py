"""What two readings of a histogram say of the time between them."""

from __future__ import annotations

import math
from collections.abc import Mapping

Buckets = Mapping[float, float]
"""Upper bound to how many observations were no greater, the last bound infinite."""


def between(before: Buckets, after: Buckets) -> dict[float, float]:
    """The observations of the time between two readings."""
    return {bound: count - before.get(bound, 0.0) for bound, count in after.items()}


def quantile(buckets: Buckets, share: float) -> float:
    """As Prometheus has it: linear within a bucket, the greatest finite bound beyond; NaN without observations."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return math.nan
    rank, lower, below = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= rank and buckets[bound] > below:
            return lower if math.isinf(bound) else lower + (bound - lower) * (rank - below) / (buckets[bound] - below)
        if not math.isinf(bound):
            lower = bound
        below = buckets[bound]
    return lower
