"""Shares with their 95 % intervals, and the table of them that every part has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from evaluation.common.result import ResultTable

SERVED = "What is served"
"""Title of the table whose rows the page gathers at its head."""
COLUMNS = ["what", "flagged", "95 % interval", "of", "who saw these cases before"]
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Share:
    """Number of flagged cases among all cases."""

    flagged: int
    cases: int

    @classmethod
    def of(cls, flags: Iterable[bool]) -> Share:
        """Counts flags."""
        listed = list(flags)
        return cls(sum(listed), len(listed))

    @property
    def value(self) -> float:
        """The share; 0 without cases."""
        return self.flagged / self.cases if self.cases else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, which is valid near 0 and 1, too; (0, 1) without cases."""
        if not self.cases:
            return 0.0, 1.0
        squared = _Z * _Z
        middle = self.value + squared / (2 * self.cases)
        spread = _Z * sqrt(self.value * (1 - self.value) / self.cases + squared / (4 * self.cases**2))
        whole = 1 + squared / self.cases
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)

    @property
    def cells(self) -> list[str]:
        """Share, interval and number of cases, as a table has them."""
        low, high = self.interval
        return [f"{self.value:.2%}", f"{low:.2%} to {high:.2%}", f"{self.cases:,}"]


def served(*rows: tuple[str, Share, str]) -> ResultTable:
    """The table of a part's headline shares: what, the share, and who saw the cases before."""
    return ResultTable(SERVED, COLUMNS, [[what, *share.cells, seen] for what, share, seen in rows])


def macro(shares: Iterable[Share]) -> float:
    """Mean of shares, each of the same weight however many cases it has."""
    values = [share.value for share in shares]
    return sum(values) / len(values) if values else 0.0
