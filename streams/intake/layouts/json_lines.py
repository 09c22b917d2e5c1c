"""Parses lines that are JSON objects by a layout."""

from __future__ import annotations

import re

import msgspec

from streams.intake.layouts.kinds import Field
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.layouts.text import LineValues, TextParser

_decode = msgspec.json.Decoder(dict[str, object]).decode
_NEEDED = frozenset({Field.CLIENT, Field.FORWARDED, Field.TIME})
_HEX = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_STRICT = frozenset({Field.CLIENT, Field.STATUS, Field.BYTES, Field.METHOD})
"""Fields that the server writes and no client can choose, so that an invalid value means another layout."""


class JsonParser:
    """Reads lines of one layout."""

    absolute = False

    def __init__(self, layout: JsonLayout) -> None:
        """Compiles the patterns of the values."""
        self.layout = layout
        self._columns = [
            (column, re.compile(column.kind.bare) if column.kind.bare and column.kind.field in _STRICT else None)
            for column in layout.columns
        ]
        inner = [column.inner for column in layout.columns if column.inner is not None]
        self._inner = {one.name: TextParser(one) for one in inner}

    def parse(self, line: str) -> LineValues:
        """Parses a line.

        Raises:
            ValueError: The line is not a JSON object, lacks a required field, or has an invalid value.

        """
        content = _decoded(line)
        for path in self.layout.required:
            if _at(content, path) is None:
                raise ValueError(f"The line has no '{'.'.join(path)}', which every line of {self.layout.name} has.")
        values: dict[Field, object] = {}
        properties: dict[str, str] = {}
        for column, pattern in self._columns:
            field = column.kind.field
            value = _at(content, column.path, is_list=field is Field.FORWARDED)
            text = _text(value)
            if text is None or text in {"", "-"} or field in values or field is Field.NOTHING:
                continue
            if column.inner is not None:
                self._read_inner(column.inner, text, values, properties)
                continue
            if pattern is not None and pattern.fullmatch(text) is None:
                raise ValueError(f"'{column.name}' is '{text[:60]}' where {self.layout.name} has {field}.")
            if field is Field.PROPERTY:
                properties[column.name] = text
            else:
                values[field] = text if column.kind.read is None else column.kind.read(text)
        return LineValues(values, properties)

    def _read_inner(self, inner: Layout, text: str, values: dict[Field, object], properties: dict[str, str]) -> None:
        try:
            row = self._inner[inner.name].parse(text)
        except ValueError:
            if any(column.kind.field in _NEEDED for column in inner.columns):
                raise
            properties[inner.name] = text
            return
        for field, value in row.values.items():
            values.setdefault(field, value)
        for name, value in row.properties.items():
            properties.setdefault(name, value)

    def depth(self, line: str) -> int:
        """Number of the layout's columns that the line has, plus 1; 0 if the line is not a JSON object."""
        try:
            content = _decoded(line)
        except ValueError:
            return 0
        return 1 + sum(_at(content, column.path) is not None for column in self.layout.columns)

    def explain(self, line: str) -> str:
        """The error message for a line of another layout; empty if the line fits."""
        try:
            self.parse(line)
        except ValueError as error:
            return str(error)
        return ""


def _decoded(line: str) -> dict[str, object]:
    # nginx without `escape=json` writes \\xHH, which is not valid JSON.
    for text in (line, _HEX.sub(r"\1\\u00\2", line)) if "\\x" in line else (line,):
        try:
            return _decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            problem = error
    raise ValueError(f"The line is not a JSON object: {problem}.")


def _at(content: object, path: tuple[str, ...], *, is_list: bool = False) -> object:
    """The value at a path of names, the outermost first. Several of them may be one name that contains dots.

    Of a list, the first element is used; with `is_list`, all elements are joined by commas.
    """
    found = _values_at(content, path)
    if not isinstance(found, list):
        return found
    return ", ".join(map(str, found)) if is_list else _first(found)


def _values_at(content: object, path: tuple[str, ...]) -> object:
    for depth, name in enumerate(path):
        if not isinstance(content, dict):
            return None
        if name not in content and (dotted := ".".join(path[depth:])) in content:
            return content[dotted]
        content = content.get(name)
        if depth + 1 < len(path):
            content = _first(content)
    return content


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _text(value: object) -> str | None:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    # `:f` writes a float without an exponent, which the time readers would not accept.
    return value if isinstance(value, str) else f"{value:f}" if isinstance(value, float) else str(value)
