"""A log's layout as data: a sequence of named columns, each with what it holds and the text that stands before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from streams.intake.layouts.kinds import ColumnKind


class Extras(Enum):
    """Which columns may follow a layout's last one; they are carried, and counted in the summary."""

    NONE = "none"
    UNQUOTED = "unquoted"
    """Only those outside of quotes: a quoted one could be a referrer or a user agent, and must not be passed over."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """One column of a line.

    Args:
        name: As the server's own configuration calls it; the property's name where the value is carried.
        kind: What it holds.
        before: The text between the column before and this one, opening quotes and brackets included.
        after: The closing quote or bracket.
        optional: The line may end before this column.

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
        name: As `--format` takes it.
        meaning: Which server writes it, for people.
        columns: In their order.
        after: The text behind the last column.
        extras: Which columns may follow.
        sample: A line that reads well, for the documentation and its test.
        config: What makes a server write it.

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
        path: Names from the outermost object inwards; a list stands for its first element.
        kind: What it holds.

    """

    path: tuple[str, ...]
    kind: ColumnKind
    inner: Layout | None = None
    """Of a value that holds several columns, such as a whole request line."""

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """A layout of lines that are JSON objects.

    Args:
        name: As `--format` takes it.
        meaning: Which server writes it, for people.
        columns: Of several that go to one field, the first that has a value counts.
        required: Paths that every line of the layout has, by which it is distinguished from others.
        sample: A line that reads well, for the documentation and its test.
        config: What makes a server write it.

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
