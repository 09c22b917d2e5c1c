"""Measures how well layouts fit the first lines of a file, and explains why a layout doesn't fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streams.intake.layouts.json_lines import JsonParser
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.layouts.text import LineValues, TextParser
from streams.intake.line import RawLine
from weir.errors import WorkError

_LONGEST = 65_536
"""Longest line, in characters, that layouts are tried on, which bounds the time for choosing a layout."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The lines of a file's beginning that fit a layout."""

    parser: TextParser | JsonParser
    rows: dict[int, LineValues]
    """Parsed lines by their index among the first lines."""

    @property
    def extras(self) -> int:
        """Number of columns after the layout's last column, over all lines."""
        return sum(len(row.extras) for row in self.rows.values())


def fit_of(layout: Layout | JsonLayout, texts: Sequence[str]) -> Fit:
    """The lines that fit a layout, by the strict patterns of its columns."""
    parser = TextParser(layout, strict=True) if isinstance(layout, Layout) else JsonParser(layout)
    rows = _rows(parser, texts)
    if isinstance(layout, Layout) and any(column.kind.field is Field.FORWARDED for column in layout.columns):
        # Clients can send any text as forwarded address, so only most of the lines must have valid addresses.
        all_rows = _rows(TextParser(layout, strict=True, any_list=True), texts)
        if 2 * len(rows) >= len(all_rows) > len(rows):
            rows = all_rows
    return Fit(parser, rows)


def _rows(parser: TextParser | JsonParser, texts: Sequence[str]) -> dict[int, LineValues]:
    rows = {}
    for at, text in enumerate(texts):
        if len(text) > _LONGEST:
            continue
        try:
            rows[at] = parser.parse(text)
        except ValueError:
            continue
    return rows


def _why_not(parser: TextParser | JsonParser, text: str) -> str:
    """The reason why a line doesn't fit a layout; empty if it fits."""
    if len(text) > _LONGEST:
        return f"The line has more than {_LONGEST:,} characters."
    try:
        parser.parse(text)
    except ValueError as error:
        return str(error) if str(error).endswith(".") else f"{error}."
    return ""


def refusal(source: str, lines: Sequence[RawLine], texts: Sequence[str], fits: Sequence[Fit]) -> WorkError:
    """The error that names the two best-fitting layouts, and the first column of each that doesn't fit."""
    at = next((at for at in range(len(texts)) if not any(at in fit.rows for fit in fits)), 0)
    nearest = sorted(fits, key=lambda fit: (len(fit.rows), fit.parser.depth(texts[at][:_LONGEST])), reverse=True)[:2]
    why = " ".join(
        f"{fit.parser.layout.name}: {_why_not(fit.parser, texts[at])}" for fit in nearest if at not in fit.rows
    )
    fitting = max(len(fit.rows) for fit in fits)
    what = "a layout that Weir knows" if len(fits) > 1 else "the requested layout"
    how = f"Only {fitting} of the first {len(texts)} lines fit" if fitting else "No line fits"
    return WorkError(
        f"{source} can't be read. {how} {what}. Line {lines[at][0]}: {why}",
        "Give the server's own format with --log-format, or name a layout with --format.",
    )
