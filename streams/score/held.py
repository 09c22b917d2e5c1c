"""What was told of sessions: of open ones, and of closed ones whose flag may still hold, so that it can be lifted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

import msgspec

from streams.score.flags import PublishedVerdict

MOST_CLOSED = 20_000
"""Closed sessions of one partition whose flags are held, about a kilobyte each; the first to end is let go."""
_MOST_STALE = 1_000
"""Ends that may stand in the index though the session has another flag since."""
_read_told = msgspec.json.Decoder(PublishedVerdict).decode


class HeldFlags:
    """The last flag of each session, by session and by visitor; bounded by event time and in number."""

    def __init__(self, most_closed: int = MOST_CLOSED) -> None:
        self._most_closed = most_closed
        self._told: dict[str, PublishedVerdict] = {}
        self._by_visitor: defaultdict[str, set[str]] = defaultdict(set)
        self._ends: list[tuple[float, str]] = []
        self._closed = 0
        self._changed: set[str] = set()

    @property
    def closed(self) -> int:
        """How many flags of closed sessions are held."""
        return self._closed

    def get(self, session_id: str) -> PublishedVerdict | None:
        """What was told of the session last, None if nothing."""
        return self._told.get(session_id)

    def of(self, visitor_id: str) -> list[tuple[str, PublishedVerdict]]:
        """What was told of the visitor's sessions."""
        return [(session_id, self._told[session_id]) for session_id in sorted(self._by_visitor.get(visitor_id, ()))]

    def put(self, session_id: str, told: PublishedVerdict) -> int:
        """Remembers what was told; gives how many other flags were let go, though they hold."""
        self._take(session_id, told)
        self._changed.add(session_id)
        let_go = 0
        if len(self._ends) > 2 * self._closed + _MOST_STALE:
            held = self._told.items()
            self._ends = sorted((one.holds_until_s, session_id) for session_id, one in held if one.is_closed)
        while self._closed > self._most_closed:
            let_go += self._let_go_of_first()
        return let_go

    def forget(self, session_id: str) -> None:
        """Nothing is to be said of the session any more."""
        told = self._told.pop(session_id, None)
        if told is None:
            return
        self._changed.add(session_id)
        self._closed -= told.is_closed
        if told.flagged is not None:
            theirs = self._by_visitor[told.flagged.visitor_id]
            theirs.discard(session_id)
            if not theirs:
                del self._by_visitor[told.flagged.visitor_id]

    def expire(self, reached_s: float) -> None:
        """Forgets flags of closed sessions that hold no longer at that event time."""
        while self._ends and self._ends[0][0] <= reached_s:
            until_s, session_id = heappop(self._ends)
            if self._is_current(until_s, session_id):
                self.forget(session_id)

    def load(self, session_id: str, value: bytes) -> None:
        """Takes an entry back."""
        self._take(session_id, _read_told(value))

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """Entries changed since the last call."""
        for session_id in sorted(self._changed):
            told = self._told.get(session_id)
            yield session_id, msgspec.json.encode(told) if told is not None else None
        self._changed.clear()

    def _take(self, session_id: str, told: PublishedVerdict) -> None:
        before = self._told.get(session_id)
        self._closed += told.is_closed - (before is not None and before.is_closed)
        self._told[session_id] = told
        if told.flagged is not None:
            self._by_visitor[told.flagged.visitor_id].add(session_id)
        if told.is_closed:
            heappush(self._ends, (told.holds_until_s, session_id))

    def _let_go_of_first(self) -> int:
        until_s, session_id = heappop(self._ends)
        if not self._is_current(until_s, session_id):
            return 0
        self.forget(session_id)
        return 1

    def _is_current(self, until_s: float, session_id: str) -> bool:
        told = self._told.get(session_id)
        return told is not None and told.is_closed and told.holds_until_s == until_s
