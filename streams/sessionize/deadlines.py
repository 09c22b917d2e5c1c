"""A calendar queue of session ends: finds due sessions in order, at a cost that doesn't depend on the open ones.

A visitor has one entry of nine bytes, in a bucket of one second of event time, for the session that ends first. When a
session grows, its entry is not moved. It is moved when its old bucket becomes due. Only the bucket that contains the
horizon is sorted exactly, so that sessions close in the order of (end, visitor, opening) however batches are cut.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from streams.sessionize.state import SessionEnd

Ends = Callable[[str], Sequence[SessionEnd]]
"""Returns the ends of a visitor's open sessions."""

FOREVER = float("inf")
_SPARE = 10_000
"""Outdated entries that are tolerated beside twice the visitors, so that small partitions are not rebuilt often."""
_by_end = attrgetter("end", "number")


class Deadlines:
    """A calendar queue of session ends.

    Invariant: each visitor with open sessions has an entry that is not after the end of its first session to end.
    Outdated entries are allowed; they are dropped when their bucket becomes due.
    """

    def __init__(self, ends: Ends) -> None:
        self.next = FOREVER
        """No session is due while the horizon is not after this event time."""
        self._ends = ends
        self._buckets: dict[int, list[str]] = {}
        self._order: list[int] = []
        self._exact: list[tuple[float, str, int]] = []
        self._sorted_to = -1
        self._entries = 0

    def add(self, end: float, visitor: str, number: int) -> None:
        """Adds an entry for the visitor's session that ends first."""
        second = int(end)
        if second > self._sorted_to:
            self._enter(second, visitor)
        else:
            heapq.heappush(self._exact, (end, visitor, number))
            self.next = min(self.next, end)

    def pop_due(self, horizon: float) -> Iterator[tuple[str, int]]:
        """Visitor and number of each session with an end before `horizon`, in the order of (end, visitor, opening).

        The caller must close each session before it requests the next one.
        """
        while True:
            while self._exact and self._exact[0][0] < horizon:
                end, visitor, number = heapq.heappop(self._exact)
                first = self._first(visitor)
                if first is not None and first.end == end and first.number == number:
                    yield visitor, number
                self._note_first(visitor)
            if not self._order or self._order[0] >= horizon:
                break
            self._sort_bucket()
        exact = self._exact[0][0] if self._exact else FOREVER
        self.next = min(exact, self._order[0] if self._order else FOREVER)

    def is_crowded(self, visitors: int) -> bool:
        """Whether so many entries are outdated that a rebuild is cheaper than keeping them."""
        return self._entries > 2 * visitors + _SPARE

    def rebuild(self, visitors: Iterable[str]) -> int:
        """Builds the queue from the open sessions of `visitors`, and returns their number."""
        self._buckets.clear()
        self._order.clear()
        self._exact.clear()
        self._sorted_to = -1
        self._entries = 0
        self.next = FOREVER
        return sum(self._note_first(visitor) for visitor in visitors)

    def _first(self, visitor: str) -> SessionEnd | None:
        return _first_of(self._ends(visitor))

    def _note_first(self, visitor: str) -> int:
        ends = self._ends(visitor)
        first = _first_of(ends)
        if first is not None:
            self.add(first.end, visitor, first.number)
        return len(ends)

    def _enter(self, second: int, visitor: str) -> None:
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = [visitor]
            heapq.heappush(self._order, second)
            self.next = min(self.next, second)
        else:
            bucket.append(visitor)
        self._entries += 1

    def _sort_bucket(self) -> None:
        """Removes the first bucket: sessions that end in it are sorted exactly, others move to their own bucket."""
        second = heapq.heappop(self._order)
        self._sorted_to = max(self._sorted_to, second)
        visitors = self._buckets.pop(second)
        self._entries -= len(visitors)
        for visitor in dict.fromkeys(visitors):
            self._note_first(visitor)


def _first_of(ends: Sequence[SessionEnd]) -> SessionEnd | None:
    return ends[0] if len(ends) == 1 else min(ends, key=_by_end, default=None)
