"""A queue of waiting labels by the time at which the join tries to match them; a tick without due labels is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

WaitingLabel = tuple[str, bytes]
"""Visitor, and key of the state entry."""


class DueLabels:
    """Waiting labels by due time. A label that found no revision is due again when its visitor is scored.

    The index may contain labels that no longer wait. The caller must skip them.
    """

    def __init__(self) -> None:
        self._by_time: list[tuple[float, str, bytes]] = []
        self._without_revision: defaultdict[str, set[bytes]] = defaultdict(set)

    def add(self, due_s: float, label: WaitingLabel) -> None:
        """Adds a label that is due from `due_s` on, in event time."""
        heappush(self._by_time, (due_s, *label))

    def take(self, now_s: float, most: int) -> Iterator[WaitingLabel]:
        """Removes and returns about `most` due labels, the earliest first.

        Labels of one visitor with the same due time are never separated, as the caller orders them by source.
        """
        last: tuple[float, str] | None = None
        while self._by_time and self._by_time[0][0] <= now_s and (most > 0 or self._by_time[0][:2] == last):
            due_s, visitor_id, key = heappop(self._by_time)
            last = due_s, visitor_id
            most -= 1
            yield visitor_id, key

    def found_no_revision(self, label: WaitingLabel) -> None:
        """Notes that only a new score of its visitor can give this label a revision."""
        visitor_id, key = label
        self._without_revision[visitor_id].add(key)

    def scored(self, visitor_id: str) -> None:
        """Makes the visitor's labels that found no revision due at once."""
        for key in self._without_revision.pop(visitor_id, ()):
            self.add(0.0, (visitor_id, key))

    def forget(self, label: WaitingLabel) -> None:
        """Drops a label."""
        visitor_id, key = label
        theirs = self._without_revision.get(visitor_id)
        if theirs is not None:
            theirs.discard(key)
            if not theirs:
                del self._without_revision[visitor_id]
