"""What the heavy ones spent, in bounded memory: the frequent-items summary of Misra and Gries, with weights.

Purging by a middle value follows Anderson and others, "A High-Performance Algorithm for Identifying Frequent Items in
Data Streams" (2017), which Apache DataSketches uses as well.
"""

from __future__ import annotations

from collections.abc import Mapping

KEEP = 1_024
"""Subjects that a purge leaves at most; between two purges there are twice as many."""


class HeavyCosts:
    """Cost by subject. Exact as long as there are at most `2 * keep` subjects.

    Past that, what is told of a subject is at most `missed` below what it spent, and never above; and `missed` is at
    most a `keep`-th of what all of them spent together. Whatever was added in the same order gives the same.
    """

    def __init__(self, keep: int = KEEP, costs: Mapping[str, float] | None = None, missed: float = 0.0) -> None:
        self._most = 2 * keep
        self._keep = keep
        self.costs: dict[str, float] = dict(costs or {})
        """To be looked at, and to be added to for a subject that is there."""
        self.missed = missed

    def begin_anew(self) -> None:
        """Forgets all costs."""
        self.costs = {}
        self.missed = 0.0

    def add(self, subject: str, cost: float) -> None:
        """Adds to what a subject spent."""
        costs = self.costs
        if subject in costs:
            costs[subject] += cost
            return
        if len(costs) >= self._most:
            self._purge()
        self.costs[subject] = cost

    def busiest(self, floor: float, most: int) -> dict[str, float]:
        """Those who spent at least `floor`, the busiest ones first."""
        busy = sorted(
            ((cost, subject) for subject, cost in self.costs.items() if cost >= floor),
            key=lambda entry: (-entry[0], entry[1]),
        )
        return {subject: cost for cost, subject in busy[:most]}

    def _purge(self) -> None:
        """Takes from all what the first one that has to go has left: those behind it go, too."""
        bar = sorted(self.costs.values(), reverse=True)[self._keep]
        self.missed += bar
        self.costs = {subject: cost - bar for subject, cost in self.costs.items() if cost > bar}
