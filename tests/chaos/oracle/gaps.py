"""The distances between a session's events, in exact sums of microseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.chaos.oracle.moments import MICROS, seconds_of


@dataclass(slots=True)
class Gaps:
    """How many there were, and what they add up to."""

    count: int = 0
    total: int = 0
    squares: int = 0
    least: int = 0
    most: int = 0

    def add(self, gap: int) -> None:
        """One more gap."""
        self.join(Gaps(1, gap, gap * gap, gap, gap))

    def join(self, other: Gaps) -> None:
        """Those of another session, too."""
        if other.count:
            self.least = min(self.least, other.least) if self.count else other.least
            self.most = max(self.most, other.most)
            self.count += other.count
            self.total += other.total
            self.squares += other.squares

    def record(self) -> dict[str, float] | None:
        """Mean, deviation (of all of them, not of a sample), least and greatest in seconds; None without any."""
        if not self.count:
            return None
        spread = self.squares * self.count - self.total**2
        return {
            "mean": self.total / self.count / MICROS,
            "standard_deviation": math.sqrt(spread) / self.count / MICROS,
            "minimum": seconds_of(self.least),
            "maximum": seconds_of(self.most),
        }
