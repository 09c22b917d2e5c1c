"""Keeps to a rate where records go out in chunks."""

from __future__ import annotations

import time

CHUNKS_A_SECOND = 4
"""The more, the smoother; each costs a transaction."""


class Pace:
    """So many records a second at most; None is as fast as can be."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = time.monotonic()

    def chunk(self, most: int) -> int:
        """How many records a chunk should have, where it may have `most`."""
        return most if self._rate is None else max(1, min(most, int(self._rate / CHUNKS_A_SECOND)))

    def wait(self, records: int) -> None:
        """Returns when the next chunk may go out, and counts it as so many records."""
        if self._rate is not None:
            time.sleep(max(0.0, self._due - time.monotonic()))
            self._due = time.monotonic() + records / self._rate
