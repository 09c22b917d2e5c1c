"""Which waiting labels are to be looked at again, and when: a tick costs nothing where none is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

WaitingLabel = tuple[str, bytes]
"""Visitor, and key of the state entry."""


class DueLabels:
    """People's waiting labels by due time. A label that was tried in vain is due again when its visitor is scored.

    The index may name labels that wait no longer: its user knows which ones do.
    """

    def __init__(self) -> None:
        self._by_time: list[tuple[float, str, bytes]] = []
        self._in_vain: defaultdict[str, set[bytes]] = defaultdict(set)

    def add(self, due_s: float, label: WaitingLabel) -> None:
        """A label that is due from then on; wall time in seconds since the epoch."""
        heappush(self._by_time, (due_s, *label))

    def take(self, now_s: float, most: int) -> Iterator[WaitingLabel]:
        """Takes labels out that are due, about so many at most, the earliest first.

        Labels of one visitor that are due at one time are not divided: their order among themselves is the user's.
        """
        last: tuple[float, str] | None = None
        while self._by_time and self._by_time[0][0] <= now_s and (most > 0 or self._by_time[0][:2] == last):
            due_s, visitor_id, key = heappop(self._by_time)
            last = due_s, visitor_id
            most -= 1
            yield visitor_id, key

    def tried_in_vain(self, label: WaitingLabel) -> None:
        """Nothing but a score of its visitor can change the outcome for this label."""
        visitor_id, key = label
        self._in_vain[visitor_id].add(key)

    def scored(self, visitor_id: str) -> None:
        """The visitor was scored: the labels that were tried in vain are due at once."""
        for key in self._in_vain.pop(visitor_id, ()):
            self.add(0.0, (visitor_id, key))

    def forget(self, label: WaitingLabel) -> None:
        """The label waits no longer."""
        visitor_id, key = label
        theirs = self._in_vain.get(visitor_id)
        if theirs is not None:
            theirs.discard(key)
            if not theirs:
                del self._in_vain[visitor_id]
