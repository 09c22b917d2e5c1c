"""The window of event time that sums are taken over. A single event with a wrong time does not move the window."""

from __future__ import annotations

from collections.abc import Sequence

WINDOW_S = 10.0
AHEAD = 8
"""Events behind its end that end a window: the least of their times is in the window that begins."""
BEHIND = 64
"""Events before a window's beginning after which it goes back, if they are more than half of all in that time."""


class Window:
    """A window of event time, and when the next window begins.

    Callers compare times with `start` and `end`, and calls `moves` only outside of them. A record from next year
    alone moves nothing; if several did, the window goes back once most events lie before it.
    """

    __slots__ = ("_ahead", "_behind", "_since", "end", "start")

    def __init__(self, start: float = -1.0, ahead: Sequence[float] = (), behind: tuple[int, int] = (0, 0)) -> None:
        self._set(start)
        self._ahead = list(ahead)
        self._behind, self._since = behind

    @property
    def state(self) -> tuple[float, list[float], tuple[int, int]]:
        """What the constructor takes to go on from here."""
        return self.start, list(self._ahead), (self._behind, self._since)

    def moves(self, ts: float, number: int) -> bool:
        """Takes the time of an event outside of it, the `number`-th of all; whether it moved."""
        if self.start < 0:
            return self._move(ts)
        if ts >= self.end:
            self._ahead.append(ts)
            return len(self._ahead) >= AHEAD and self._move(min(self._ahead))
        if ts >= self.start - WINDOW_S:
            return False
        if not self._behind:
            self._since = number
        self._behind += 1
        if self._behind < BEHIND:
            return False
        if number - self._since < 2 * BEHIND:
            return self._move(ts)
        self._behind = 0
        return False

    def _move(self, ts: float) -> bool:
        self._set(ts // WINDOW_S * WINDOW_S)
        self._ahead = []
        self._behind = 0
        return True

    def _set(self, start: float) -> None:
        self.start = start
        self.end = start + WINDOW_S if start >= 0 else start
