"""How often a worker that lost its partitions joins its group again, and when it gives up."""

from __future__ import annotations

from collections import deque

MOST = 6
"""Losses within `WINDOW_S` after which the process ends: something fences it that doesn't go away."""
WINDOW_S = 300.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0


class Rejoining:
    """Counts losses; the time is passed in, and must be monotonic."""

    def __init__(self) -> None:
        self._lost_s: deque[float] = deque(maxlen=MOST)

    def lost(self, now_s: float) -> float | None:
        """Takes note of a loss.

        Returns:
            How long to wait before joining again, in seconds; None: not again.
        """
        self._lost_s.append(now_s)
        recent = sum(at_s > now_s - WINDOW_S for at_s in self._lost_s)
        if recent >= MOST:
            return None
        return min(FIRST_PAUSE_S * 2.0 ** (recent - 1), LONGEST_PAUSE_S)
