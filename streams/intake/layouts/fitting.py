"""How well each layout fits the first lines of a file, and why those that do not fit do not."""

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
"""Characters of a line that is looked at: all layouts are tried on it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a layout fits the first lines."""

    parser: TextParser | JsonParser
    rows: dict[int, LineValues]
    """By position of the line among those looked at."""

    @property
    def extras(self) -> int:
        """Columns behind the layout's last one, over all lines."""
        return sum(len(row.extras) for row in self.rows.values())


def fit_of(layout: Layout | JsonLayout, texts: Sequence[str]) -> Fit:
    """How well a layout fits lines: by what its columns hold in ordinary lines."""
    parser = TextParser(layout, strict=True) if isinstance(layout, Layout) else JsonParser(layout)
    rows = _rows(parser, texts)
    if isinstance(layout, Layout) and any(column.kind.field is Field.FORWARDED for column in layout.columns):
        # Clients send forwarded addresses of any form: most of them must look like addresses, not all.
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
    """Why a line is not of a layout."""
    if len(text) > _LONGEST:
        return f"The line has more than {_LONGEST:,} characters."
    try:
        parser.parse(text)
    except ValueError as error:
        return str(error) if str(error).endswith(".") else f"{error}."
    return ""


def refusal(source: str, lines: Sequence[RawLine], texts: Sequence[str], fits: Sequence[Fit]) -> WorkError:
    """Names the two layouts that come nearest, and where each of them ends."""
    at = next((at for at in range(len(texts)) if not any(at in fit.rows for fit in fits)), 0)
    nearest = sorted(fits, key=lambda fit: (len(fit.rows), fit.parser.depth(texts[at][:_LONGEST])), reverse=True)[:2]
    why = " ".join(
        f"{fit.parser.layout.name}: {_why_not(fit.parser, texts[at])}" for fit in nearest if at not in fit.rows
    )
    fitting = max(len(fit.rows) for fit in fits)
    what = "a layout that Weir knows" if len(fits) > 1 else "the layout that was named"
    how = f"Only {fitting} of the first {len(texts)} lines fit" if fitting else "No line fits"
    return WorkError(
        f"{source} can't be read. {how} {what}. Line {lines[at][0]}: {why}",
        "Give the server's own format with --log-format, or name a layout with --format.",
    )
