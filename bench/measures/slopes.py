"""Whether a series of samples grows, or only moves.

Neighbouring samples of memory or lag depend on each other, and an interval that takes them for independent is far too
narrow. So the samples are put together in blocks of time; a line through the blocks' means, by Theil and Sen, has a
slope with an interval that a few wild blocks don't move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats  # type: ignore[import-untyped]  # it has no stubs

MOST_BLOCKS = 20
FEWEST_BLOCKS = 5
HOUR_S = 3_600.0


@dataclass(frozen=True)
class Trend:
    """A slope and its interval, in units an hour."""

    mean: float
    """Of all samples."""
    per_hour: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether zero lies within the interval."""
        return self.low <= 0.0 <= self.high

    @property
    def verdict(self) -> str:
        """In a word."""
        if self.is_flat:
            return "no trend"
        return "grows" if self.per_hour > 0 else "falls"


def trend(at_s: Sequence[float], values: Sequence[float], confidence: float) -> Trend:
    """The trend of samples that were taken in this order.

    Raises:
        ValueError: there are too few samples for an interval.
    """
    blocks = min(MOST_BLOCKS, len(values) // 2)
    if blocks < FEWEST_BLOCKS:
        raise ValueError(f"{len(values)} samples are too few: {2 * FEWEST_BLOCKS} are needed.")
    times = [float(np.mean(block)) for block in np.array_split(np.asarray(at_s), blocks)]
    means = [float(np.mean(block)) for block in np.array_split(np.asarray(values, dtype=float), blocks)]
    slope, _, low, high = stats.theilslopes(means, times, confidence)
    return Trend(float(np.mean(values)), float(slope) * HOUR_S, float(low) * HOUR_S, float(high) * HOUR_S)
