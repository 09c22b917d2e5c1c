"""Numbers over time and newest flags, as the front page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from weir.console.store.reading import Row, StoreReader
from weir.console.store.tables import MINUTE_S, PIECE_S

Range = Literal["15m", "24h", "7d"]
RANGES: dict[Range, tuple[int, int]] = {"15m": (900, 15), "24h": (86_400, 1_440), "7d": (604_800, 10_800)}
"""Length and width of a bar, in seconds."""
NEWEST = 400
"""Most flags that are read to find the newest flagged visitors."""
ROWS = 25


@dataclass(frozen=True, slots=True)
class OverTime:
    """Counts by value, bar by bar, the oldest first."""

    starts_s: list[float]
    series: dict[str, list[float]]

    @property
    def total(self) -> float:
        """The sum of all counts."""
        return sum(map(sum, self.series.values()))


@dataclass(slots=True)
class FlaggedVisitor:
    """A visitor with the newest flag, and the number of other flags."""

    newest: Row
    others: int = 0
    sessions: set[str] = field(default_factory=set)


def over_time(store: StoreReader, kind: str, range_: Range, now_s: float, order: Sequence[str] = ()) -> OverTime:
    """Counts of a kind within a range that ends now."""
    length_s, bar_s = RANGES[range_]
    number = length_s // bar_s
    last = int(now_s // bar_s)
    first = last - number + 1
    table, column, piece_s = ("recent", "piece", PIECE_S) if bar_s < MINUTE_S else ("counts", "minute", MINUTE_S)
    rows = store.rows(
        f"SELECT value, {column} * {piece_s} / {bar_s} AS bar, sum(number) AS number FROM {table}"
        f" WHERE kind = ? AND {column} >= ? GROUP BY 1, 2",
        (kind, first * bar_s // piece_s),
    )
    names = sorted({row["value"] for row in rows}, key=lambda name: (order.index(name) if name in order else 99, name))
    series = {name: [0.0] * number for name in names}
    for row in rows:
        if first <= row["bar"] <= last:
            series[row["value"]][row["bar"] - first] += row["number"]
    return OverTime([bar * float(bar_s) for bar in range(first, last + 1)], series)


def per_s(store: StoreReader, kind: str, now_s: float, over_s: int = 20) -> dict[str, float]:
    """Mean rate of each value of a kind in the last seconds."""
    first = int((now_s - over_s) // PIECE_S)
    rows = store.rows(
        "SELECT value, sum(number) AS number FROM recent WHERE kind = ? AND piece >= ? AND piece < ? GROUP BY value",
        (kind, first, int(now_s // PIECE_S)),
    )
    return {row["value"]: row["number"] / over_s for row in rows}


def newest_flagged(store: StoreReader, at_most: int = ROWS) -> list[FlaggedVisitor]:
    """Visitors with the newest flags, each once."""
    found: dict[str, FlaggedVisitor] = {}
    for row in store.rows("SELECT * FROM flags ORDER BY told_s DESC LIMIT ?", (NEWEST,)):
        visitor = found.get(row["visitor"])
        if visitor is not None:
            visitor.others += 1
            visitor.sessions.add(row["session_id"])
        elif len(found) < at_most:
            found[row["visitor"]] = FlaggedVisitor(row, sessions={row["session_id"]})
    return list(found.values())


def open_sessions(store: StoreReader) -> int:
    """Sessions that are open."""
    return store.number("SELECT number FROM facets WHERE kind = 'state' AND value = 'open'")
