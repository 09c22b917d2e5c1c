"""The last published verdicts of open sessions, and of closed ones whose flag still holds and may be lifted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

import msgspec

from streams.score.flags import PublishedVerdict

MOST_CLOSED = 20_000
"""Closed sessions of one partition whose verdicts are stored, about 1 kB each; beyond, the first to end is dropped."""
_MOST_STALE = 1_000
"""Outdated entries that the index of ends may contain before it is rebuilt."""
_read_verdict = msgspec.json.Decoder(PublishedVerdict).decode


class PublishedVerdicts:
    """The last published verdict of each session, by session and by visitor; bounded by event time and in number."""

    def __init__(self, most_closed: int = MOST_CLOSED) -> None:
        self._most_closed = most_closed
        self._verdicts: dict[str, PublishedVerdict] = {}
        self._by_visitor: defaultdict[str, set[str]] = defaultdict(set)
        self._ends: list[tuple[float, str]] = []
        self._closed = 0
        self._changed: set[str] = set()

    @property
    def closed(self) -> int:
        """Number of closed sessions with a stored verdict."""
        return self._closed

    def get(self, session_id: str) -> PublishedVerdict | None:
        """The session's last published verdict, None if there is none."""
        return self._verdicts.get(session_id)

    def of(self, visitor_id: str) -> list[tuple[str, PublishedVerdict]]:
        """Session ids and last published verdicts of the visitor's sessions."""
        return [(session_id, self._verdicts[session_id]) for session_id in sorted(self._by_visitor.get(visitor_id, ()))]

    def put(self, session_id: str, published: PublishedVerdict) -> int:
        """Stores a published verdict; returns how many others were dropped, although they are in force."""
        self._take(session_id, published)
        self._changed.add(session_id)
        dropped = 0
        if len(self._ends) > 2 * self._closed + _MOST_STALE:
            held = self._verdicts.items()
            self._ends = sorted((one.holds_until_s, session_id) for session_id, one in held if one.is_closed)
        while self._closed > self._most_closed:
            dropped += self._drop_first_to_end()
        return dropped

    def forget(self, session_id: str) -> None:
        """Drops the session's verdict."""
        published = self._verdicts.pop(session_id, None)
        if published is None:
            return
        self._changed.add(session_id)
        self._closed -= published.is_closed
        if published.flagged is not None:
            theirs = self._by_visitor[published.flagged.visitor_id]
            theirs.discard(session_id)
            if not theirs:
                del self._by_visitor[published.flagged.visitor_id]

    def expire(self, reached_s: float) -> None:
        """Drops verdicts of closed sessions that no longer hold at this event time."""
        while self._ends and self._ends[0][0] <= reached_s:
            until_s, session_id = heappop(self._ends)
            if self._is_current(until_s, session_id):
                self.forget(session_id)

    def load(self, session_id: str, value: bytes) -> None:
        """Restores a state entry."""
        self._take(session_id, _read_verdict(value))

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """State entries that changed since the last call; None for a dropped one."""
        for session_id in sorted(self._changed):
            published = self._verdicts.get(session_id)
            yield session_id, msgspec.json.encode(published) if published is not None else None
        self._changed.clear()

    def _take(self, session_id: str, published: PublishedVerdict) -> None:
        before = self._verdicts.get(session_id)
        self._closed += published.is_closed - (before is not None and before.is_closed)
        self._verdicts[session_id] = published
        if published.flagged is not None:
            self._by_visitor[published.flagged.visitor_id].add(session_id)
        if published.is_closed:
            heappush(self._ends, (published.holds_until_s, session_id))

    def _drop_first_to_end(self) -> int:
        until_s, session_id = heappop(self._ends)
        if not self._is_current(until_s, session_id):
            return 0
        self.forget(session_id)
        return 1

    def _is_current(self, until_s: float, session_id: str) -> bool:
        published = self._verdicts.get(session_id)
        return published is not None and published.is_closed and published.holds_until_s == until_s
