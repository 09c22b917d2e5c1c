"""Counts over time in a bounded number of equal bins, without knowing the time range of the data before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

FIRST_WIDTH_S = 60.0


class TimeBins:
    """Counts times in bins. If there are more than `at_most` bins, then neighbours are merged in pairs."""

    def __init__(self, at_most: int = 400) -> None:
        self._at_most = at_most
        self._width_s = FIRST_WIDTH_S
        self._counts: Counter[int] = Counter()

    def add(self, ts: float) -> None:
        """Counts one time, in seconds since the epoch."""
        self._counts[int(ts // self._width_s)] += 1
        while len(self._counts) > self._at_most:
            self._widen()

    @property
    def width_s(self) -> float:
        """Width of a bin."""
        return self._width_s

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """Start and count of each bin that is not empty, in the order of time."""
        for number, count in sorted(self._counts.items()):
            yield number * self._width_s, count

    def _widen(self) -> None:
        self._width_s *= 2
        merged: Counter[int] = Counter()
        for number, count in self._counts.items():
            merged[number // 2] += count
        self._counts = merged
