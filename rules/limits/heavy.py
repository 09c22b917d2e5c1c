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

    With more subjects, a subject's published cost is at most `missed` below its true cost, and never above it; `missed`
    is at most a `keep`-th of the total cost. Equal additions in equal order give equal results.
    """

    def __init__(self, keep: int = KEEP, costs: Mapping[str, float] | None = None, missed: float = 0.0) -> None:
        self._most = 2 * keep
        self._keep = keep
        self.costs: dict[str, float] = dict(costs or {})
        """Cost by subject. Callers may read it, and add to subjects that are in it."""
        self.missed = missed

    def begin_anew(self) -> None:
        """Forgets all costs."""
        self.costs = {}
        self.missed = 0.0

    def add(self, subject: str, cost: float) -> None:
        """Adds to the cost of a subject."""
        costs = self.costs
        if subject in costs:
            costs[subject] += cost
            return
        if len(costs) >= self._most:
            self._purge()
        self.costs[subject] = cost

    def busiest(self, floor: float, most: int) -> dict[str, float]:
        """At most `most` subjects with a cost of at least `floor`, by falling cost."""
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
