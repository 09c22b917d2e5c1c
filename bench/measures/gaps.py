"""How steadily records come: the longest gap between two of them, and how many a second."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Gap:
    """A stretch without a record."""

    begun_s: float
    over_s: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.over_s - self.begun_s


def longest_gap(times_s: Sequence[float], begin_s: float, end_s: float) -> Gap:
    """The longest stretch of a span without a record; its edges count as records."""
    within = sorted(time_s for time_s in times_s if begin_s < time_s < end_s)
    edges = itertools.pairwise([begin_s, *within, end_s])
    return max((Gap(before, after) for before, after in edges), key=lambda gap: gap.seconds)


def by_second(times_s: Iterable[float]) -> Counter[int]:
    """Records in each second."""
    return Counter(int(time_s // 1) for time_s in times_s)


def rate(counts: Counter[int], begin_s: float, end_s: float) -> tuple[float, float]:
    """Mean and median of the whole seconds within a span; a second without a record counts as one."""
    seconds = [counts[second] for second in range(int(-(-begin_s // 1)), int(end_s // 1))]
    return (sum(seconds) / len(seconds), float(median(seconds))) if seconds else (0.0, 0.0)
