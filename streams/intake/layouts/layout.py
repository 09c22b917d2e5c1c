"""A log's layout as data: a sequence of columns, each with a name, a kind, and the text before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from streams.intake.layouts.kinds import ColumnKind


class Extras(Enum):
    """Which columns may follow a layout's last column; they are stored as properties and counted in the summary."""

    NONE = "none"
    UNQUOTED = "unquoted"
    """Only columns without quotes: a quoted column could be a referrer or user agent that the layout would miss."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """One column of a line.

    Args:
        name: Name in the server's configuration, also the name of the property if the value is stored as one.
        kind: Kind of its values.
        before: The text between the previous column and this one, including an opening quote or bracket.
        after: The closing quote or bracket.
        optional: Whether the line may end before this column.

    """

    name: str
    kind: ColumnKind
    before: str = ""
    after: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout of lines of text.

    Args:
        name: Value of `--format`.
        meaning: Description of the format or its server, for the documentation.
        columns: The columns in their order.
        after: The text after the last column.
        extras: Which columns may follow.
        sample: A line of this layout, for the documentation and its test.
        config: Server configuration that produces this layout.

    """

    name: str
    meaning: str
    columns: tuple[LayoutColumn, ...]
    after: str = ""
    extras: Extras = Extras.ANY
    sample: str = ""
    config: str = ""


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """One value of a line that is a JSON object.

    Args:
        path: Names from the outermost object inwards; of a list, the first element is used.
        kind: Kind of the value.

    """

    path: tuple[str, ...]
    kind: ColumnKind
    inner: Layout | None = None
    """Layout of a value that has several columns, such as a request line."""

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """A layout of lines that are JSON objects.

    Args:
        name: Value of `--format`.
        meaning: Description of the format or its server, for the documentation.
        columns: The columns. If several have the same field, then the first that has a value counts.
        required: Paths that every line of the layout has, which distinguishes it from other layouts.
        sample: A line of this layout, for the documentation and its test.
        config: Server configuration that produces this layout.

    """

    name: str
    meaning: str
    columns: tuple[JsonColumn, ...]
    required: tuple[tuple[str, ...], ...] = ()
    sample: str = ""
    config: str = ""


def spaced(*columns: LayoutColumn | tuple[LayoutColumn, ...]) -> tuple[LayoutColumn, ...]:
    """Joins columns by one space each."""
    flat = [one for given in columns for one in (given if isinstance(given, tuple) else (given,))]
    return tuple(
        replace(column, before=f" {column.before}") if at and not column.before.startswith(" ") else column
        for at, column in enumerate(flat)
    )


def bare(name: str, kind: ColumnKind, *, optional: bool = False) -> LayoutColumn:
    """A column without quotes."""
    return LayoutColumn(name, kind, optional=optional)


def quoted(name: str, kind: ColumnKind, *, optional: bool = False) -> LayoutColumn:
    """A column in double quotes."""
    return LayoutColumn(name, kind, '"', '"', optional)


def bracketed(name: str, kind: ColumnKind, *, optional: bool = False) -> LayoutColumn:
    """A column in square brackets."""
    return LayoutColumn(name, kind, "[", "]", optional)
