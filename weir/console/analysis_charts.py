"""Draws the charts of each named query from the columns and rows of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from markupsafe import Markup

from weir.console.charts import by_day, lines
from weir.console.html import inert, label, shortened
from weir.console.ranked import RankedBar, ranked

MOST_BARS = 15
"""Most bars of a chart; the table below has all rows."""
MOST_DAYS = 366
"""Most days of a line, the newest."""
LONGEST_LABEL = 32
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AnalysisChart:
    """A chart with its title, a note beside the title, and the names of its lines, if it has several."""

    title: str
    note: str
    picture: Markup
    names: Sequence[str] = ()


class _Plot(Protocol):
    """Draws rows."""

    def draw(self, rows: Sequence[Row]) -> AnalysisChart: ...


@dataclass(frozen=True, slots=True)
class _Bars:
    """A bar for each row."""

    title: str
    labels: Sequence[str]
    value: str
    interval: str | None = None
    """Prefix of the names of the columns `low` and `high`, if the value is a share with an interval."""
    are_newest: bool = False
    """Whether the last rows are drawn if there are too many, and not the first."""

    def draw(self, rows: Sequence[Row]) -> AnalysisChart:
        """The bars."""
        chosen = rows[-MOST_BARS:] if self.are_newest else rows[:MOST_BARS]
        bars = []
        for row in chosen:
            label_text = ", ".join(label(inert(str(row[name]))) for name in self.labels)
            low, high = (_number(row.get(f"{self.interval}{end}")) for end in ("low", "high"))
            bars.append(RankedBar(shortened(label_text, LONGEST_LABEL), _number(row[self.value]), low, high))
        is_share = self.interval is not None
        notes = ["with intervals at 95\N{NO-BREAK SPACE}%"] if is_share else []
        if len(rows) > len(chosen):
            notes.append(f"the {'last' if self.are_newest else 'first'} {MOST_BARS} of {len(rows):,} rows")
        return AnalysisChart(self.title, ", ".join(notes), ranked(bars, self.title, is_share=is_share))


@dataclass(frozen=True, slots=True)
class _Days:
    """A line for each column over the days of the rows."""

    title: str
    values: Sequence[str]

    def draw(self, rows: Sequence[Row]) -> AnalysisChart:
        """The lines."""
        chosen = rows[-MOST_DAYS:]
        days = [date.fromisoformat(str(row["day"])) for row in chosen]
        series = {_words(name): [_number(row[name]) or 0.0 for row in chosen] for name in self.values}
        note = f"the newest {MOST_DAYS} days" if len(rows) > MOST_DAYS else ""
        return AnalysisChart(self.title, note, by_day(series, days, self.title), tuple(series))


@dataclass(frozen=True, slots=True)
class _Cohorts:
    """Share of visitors who returned, by days after; only three cohorts, as more lines can't be distinguished."""

    title: str

    def draw(self, rows: Sequence[Row]) -> AnalysisChart:
        """The lines."""
        sizes = {str(row["first_day"]): _number(row["visitors"]) or 0.0 for row in rows if row["days_after"] == 0}
        largest = sorted(sorted(sizes, key=lambda day: -sizes[day])[:3])
        series = {
            f"cohort of {day}": [
                (_number(row["days_after"]) or 0.0, _number(row["share"]) or 0.0)
                for row in rows
                if str(row["first_day"]) == day and row["days_after"] != 0
            ]
            for day in largest
        }
        drawn = {name: points for name, points in series.items() if points}
        return AnalysisChart(self.title, "of the three largest cohorts", lines(drawn, self.title), tuple(drawn))


_CHARTS: Mapping[str, Sequence[_Plot]] = {
    "cohorts": (_Cohorts("Share of visitors who came again, by days after the first"),),
    "conversion-of-flagged": (_Bars("Share of sessions that bought", ("kind",), "conversion", ""),),
    "funnel-by-day": (
        _Days("Sessions by day", ("sessions", "carted", "purchased")),
        _Bars("Viewed, then put into the cart", ("day",), "cart_rate", "cart_", are_newest=True),
        _Bars("Put into the cart, then bought", ("day",), "purchase_rate", "purchase_", are_newest=True),
    ),
    "funnel-by-referrer": (
        _Bars("Viewed, then put into the cart", ("referrer_host",), "cart_rate", "cart_"),
        _Bars("Put into the cart, then bought", ("referrer_host",), "purchase_rate", "purchase_"),
    ),
    "returning-visitors": (
        _Days("Visitors by day", ("visitors", "returning_visitors")),
        _Bars("Share of visitors who had come before", ("day",), "share", "", are_newest=True),
    ),
    "revenue-by-currency": (_Bars("Sessions that bought, by currency", ("currency",), "sessions"),),
    "top-bots": (_Bars("Blocked sessions by reason and stage", ("reason_id", "stage"), "sessions"),),
    "what-each-stage-settles": (_Bars("Sessions by stage and verdict", ("stage", "verdict"), "sessions"),),
}
"""Charts by the name of the query; other queries have only a table."""


def charts_of(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[AnalysisChart]:
    """The charts of a query's result; none if it has no rows, or the query has only a table.

    Args:
        name: name of the query.
        columns: names of the result's columns.
        rows: rows with a value for each column, as `weir.console.table_query.run_query` returns them.
    """
    if not rows:
        return []
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return [plot.draw(named) for plot in _CHARTS.get(name, ())]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _words(name: str) -> str:
    return name.replace("_", " ")
