"""Limits of log-in attempts by name and by address, against guessing of passwords."""

from __future__ import annotations

from collections import OrderedDict, deque

MOST = 5
"""Failures within `WINDOW_S` after which the next try waits."""
WINDOW_S = 300.0
REMEMBERED = 10_000


class Attempts:
    """Counts failures; the time is passed in."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, keys: tuple[str, ...], now_s: float) -> float:
        """Seconds until the next try is allowed; 0: now."""
        return max((self._wait_s(key, now_s) for key in keys), default=0.0)

    def fail(self, keys: tuple[str, ...], now_s: float) -> None:
        """Counts a failure."""
        for key in keys:
            self._failed.setdefault(key, deque(maxlen=MOST)).append(now_s)
            self._failed.move_to_end(key)
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def succeed(self, keys: tuple[str, ...]) -> None:
        """Removes the failures."""
        for key in keys:
            self._failed.pop(key, None)

    def _wait_s(self, key: str, now_s: float) -> float:
        failed = self._failed.get(key)
        return max(0.0, failed[0] + WINDOW_S - now_s) if failed is not None and len(failed) == MOST else 0.0
