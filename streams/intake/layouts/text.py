"""Parses text lines by a layout, or names the column that doesn't fit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from streams.intake.layouts import kinds
from streams.intake.layouts.compiled import CompiledLayout
from streams.intake.layouts.escapes import unescaped
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.layout import Extras, Layout, LayoutColumn
from streams.intake.layouts.patterns import ANY_EXTRA, EXTRA, TOKEN, UNQUOTED_EXTRA

_NOTHING = frozenset({"-", ""})
_OPTIONAL_FIELDS = frozenset({Field.PROPERTY, Field.ACCOUNT, Field.FORWARDED})
"""Fields that a line may leave empty."""
_USUAL = re.compile(kinds.ACCOUNT.strict or "")
_NO_ACCOUNT = re.compile(kinds.NO_ACCOUNT)
SHOWN = 60


@dataclass(frozen=True, slots=True)
class LineValues:
    """The columns of a line."""

    values: dict[Field, object]
    properties: dict[str, str]
    extras: tuple[tuple[str, str], ...] = ()
    """Names and texts of the columns after the layout's last column."""


class TextParser:
    """Reads lines of one layout.

    Args:
        layout: The layout of the lines.
        strict: Whether quoted columns must match their kind's strict pattern, too. This distinguishes layouts. When
            lines are read, texts that clients choose may have any form, so that clients can't lose their lines by them.
        any_list: With `strict`, whether a list of forwarded addresses may have any form nevertheless.

    """

    def __init__(self, layout: Layout, *, strict: bool = False, any_list: bool = False) -> None:
        """Compiles the layout.

        Raises:
            AmbiguousColumnError: A column that can contain spaces has no quotes or other text that ends it.

        """
        self.layout = layout
        self._compiled = CompiledLayout(layout, strict=strict, any_list=any_list)
        # By position: group number, field, reader, name.
        self._taken = [
            (group, column)
            for group, column in enumerate(
                (column for column in layout.columns if column.kind.field is not Field.NOTHING), 1
            )
        ]
        self._absolute = any(column.kind.absolute for column in layout.columns)

    @property
    def absolute(self) -> bool:
        """Whether URLs include the site's scheme and host."""
        return self._absolute

    def parse(self, line: str) -> LineValues:
        """Parses a line.

        Raises:
            ValueError: The line has another layout; the message names the first wrong column by number and content.

        """
        found = self._compiled.pattern.fullmatch(line)
        if found is None:
            raise ValueError(self.explain(line))
        values: dict[Field, object] = {}
        properties: dict[str, str] = {}
        groups = found.groups()
        for group, column in self._taken:
            text = groups[group - 1]
            if text is not None:
                _put(values, properties, column, text)
        rest = found["rest"]
        if not rest:
            return LineValues(values, properties)
        extras = tuple(self._extras(rest))
        properties.update(extras)
        return LineValues(values, properties, extras)

    def explain(self, line: str) -> str:
        """The error message for a line of another layout: the first wrong column and its text."""
        columns = self.layout.columns
        for count in range(len(columns), 0, -1):
            found = self._compiled.prefixes[count].match(line)
            if found is None:
                continue
            if count == len(columns):
                return self._behind_the_last(line, found.end())
            return self._at(line, found.end(), count)
        return self._at(line, 0, 0)

    def depth(self, line: str) -> int:
        """Number of leading columns that fit."""
        return next((n for n in range(len(self.layout.columns), 0, -1) if self._compiled.prefixes[n].match(line)), 0)

    def _behind_the_last(self, line: str, start: int) -> str:
        number = len(self.layout.columns) + 1
        extra = {Extras.NONE: None, Extras.UNQUOTED: UNQUOTED_EXTRA, Extras.ANY: ANY_EXTRA}[self.layout.extras]
        fitting = re.compile(rf"[ \t]+{extra}(?=\s|$)") if extra else None
        while fitting is not None and (found := fitting.match(line, start)):
            start, number = found.end(), number + 1
        text = found[1] if (found := TOKEN.match(line, start)) else line[start:]
        return f"Column {number} is {_shown(text)}, and {self.layout.name} has no such column."

    def _at(self, line: str, start: int, count: int) -> str:
        column = self.layout.columns[count]
        what = column.kind.field if column.kind.field not in {Field.PROPERTY, Field.NOTHING} else column.name
        found = TOKEN.match(line, start)
        if found is None:
            return f"The line ends before column {count + 1}, {what}: it may be cut off."
        text = found[1]
        if text[:1] == '"' and (len(text) == 1 or text[-1:] != '"') and column.before.endswith('"'):
            return f"Column {count + 1}, {what}, has no end: the line may be cut off."
        return f"Column {count + 1} is {_shown(text)} where {self.layout.name} has {what}."

    def _extras(self, rest: str) -> list[tuple[str, str]]:
        found = []
        for number, extra in enumerate(EXTRA.finditer(rest), len(self.layout.columns) + 1):
            parts = extra.groupdict()
            name = parts["key"] or f"column_{number}"
            text = next(
                part
                for part in (parts[k] for k in ("pair", "bare_pair", "quoted", "bracketed", "bare"))
                if part is not None
            )
            text = unescaped(text) if "\\" in text or '""' in text else text
            if text not in {"-", ""}:
                found.append((name, text))
        return found


def _put(values: dict[Field, object], properties: dict[str, str], column: LayoutColumn, text: str) -> None:
    """Adds a column's text to the fields or the properties."""
    field, read = column.kind.field, column.kind.read
    if text == '""':
        return  # Apache's empty user
    if "\\" in text or '""' in text:
        text = unescaped(text)
    if text in _NOTHING and field in _OPTIONAL_FIELDS:
        return
    if field is Field.PROPERTY:
        properties[column.name] = text
    elif field is Field.ACCOUNT and column.before[-1:] != '"' and _is_unusual(text):
        properties["unusual_account"] = text
    elif field is Field.FORWARDED:
        values.setdefault(field, text)  # of several columns, the first that has a value
    else:
        values[field] = text if read is None else read(text)


def _is_unusual(account: str) -> bool:
    return _NO_ACCOUNT.fullmatch(account) is not None or (" " in account and _USUAL.fullmatch(account) is None)


def _shown(text: str) -> str:
    cut = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return f"'{cut}'"
