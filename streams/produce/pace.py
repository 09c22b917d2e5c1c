"""Limits the rate of records that are sent in chunks."""

from __future__ import annotations

import time

CHUNKS_A_SECOND = 4
"""More chunks a second make the rate smoother, but each chunk costs a transaction."""


class Pace:
    """Limits records to `rate` a second; None means no limit."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = time.monotonic()

    def chunk(self, most: int) -> int:
        """Number of records for a chunk of at most `most`."""
        return most if self._rate is None else max(1, min(most, int(self._rate / CHUNKS_A_SECOND)))

    def wait(self, records: int) -> None:
        """Waits until the next chunk may be sent, and counts it as `records` records."""
        if self._rate is not None:
            time.sleep(max(0.0, self._due - time.monotonic()))
            self._due = time.monotonic() + records / self._rate
