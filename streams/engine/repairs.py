"""Repairs of one partition in a row: how long each waits, and when there were too many."""

from __future__ import annotations

import time
from collections.abc import Mapping

from streams.engine.transaction import UNKNOWN_OUTCOME_S
from weir.errors import WorkError

_FEWEST = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_LONGEST_UNKNOWN_OUTCOME_S = 16.0


class Repairs:
    """Counts repairs since anything was last committed.

    Args:
        partition: the partition, in words.
        stall_timeout_s: how long repairs may go on without a commit.
    """

    def __init__(self, partition: str, stall_timeout_s: float) -> None:
        self._partition = partition
        self._stall_timeout_s = stall_timeout_s
        self._count = 0
        self._since_s = 0.0
        self._durable: dict[str, int] = {}
        self.refusal: Exception | None = None
        """Why the last flush failed."""
        self.unknown_outcome_s = UNKNOWN_OUTCOME_S
        """The outcome of a transaction whose end takes longer is unknown."""

    @property
    def pause_s(self) -> float:
        """How long the next repair waits."""
        return min(_FIRST_PAUSE_S * 2.0**self._count, _LONGEST_PAUSE_S)

    def count(self, durable: Mapping[str, int]) -> None:
        """Counts a repair.

        Args:
            durable: positions up to which everything is committed; further ones than last time end the row.

        Raises:
            WorkError: flushes have been refused for too long.
        """
        if dict(durable) != self._durable:
            self._count, self._since_s, self._durable = 0, time.monotonic(), dict(durable)
        self._count += 1
        waited_s = time.monotonic() - self._since_s
        if self._count > _FEWEST and waited_s > self._stall_timeout_s:
            raise WorkError(
                f"Kafka has refused what {self._partition} writes for {waited_s:.0f} s: {self.refusal}.",
                "Nothing is lost; after a restart the work continues from the last commit.",
            )

    def allow_more_time(self) -> None:
        """Doubles the time after which an outcome is unknown.

        These brokers may always be so slow, and a partition that recovers after each transaction would never commit.
        """
        self.unknown_outcome_s = min(2 * self.unknown_outcome_s, _LONGEST_UNKNOWN_OUTCOME_S)
