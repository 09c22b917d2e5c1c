"""Compiles a layout's columns into regular expressions."""

from __future__ import annotations

import re
from functools import cached_property

from streams.intake.layouts.kinds import QUESTION_MARK, Field
from streams.intake.layouts.layout import Extras, Layout, LayoutColumn
from streams.intake.layouts.patterns import ANY_EXTRA, BRACKETED, HEAD, QUOTED, UNQUOTED_EXTRA

_AMBIGUOUS_ENDS = frozenset(" ,;()/")
"""Characters that are common in user agents, referrers and request lines, so that they can't mark a column's end."""
_ANY_TEXT_IN_QUOTES = frozenset({Field.FORWARDED, Field.ACCOUNT})
"""Fields whose text clients choose: in quotes, any text is read, so that clients can't lose their lines by it."""


class AmbiguousColumnError(ValueError):
    """A column's end is ambiguous."""


class CompiledLayout:
    """The patterns of a layout; for `strict` and `any_list` see `TextParser`.

    Raises:
        AmbiguousColumnError: A column that can contain spaces has no quotes or other text that ends it.

    """

    def __init__(self, layout: Layout, *, strict: bool, any_list: bool) -> None:
        self.layout = layout
        self._strict = strict
        self._any_list = any_list
        self._pieces = [self._piece(at, column) for at, column in enumerate(layout.columns)]
        self.pattern = re.compile(self._whole(), re.DOTALL)
        """Pattern of a whole line. Its groups are the columns with a field, and `rest`."""

    @cached_property
    def prefixes(self) -> dict[int, re.Pattern[str]]:
        """Patterns of the first 1, 2, … columns by number, which find the first column that doesn't fit."""
        return {
            count: re.compile(HEAD + "".join(text for text, _ in self._pieces[:count]) + self._end(count), re.DOTALL)
            for count in range(1, len(self._pieces) + 1)
        }

    def _end(self, count: int) -> str:
        """Lookahead after the first `count` columns, so that a column that fits only in part counts as unfit."""
        columns = self.layout.columns
        if columns[count - 1].after or (count < len(columns) and not columns[count].before):
            return ""
        behind = columns[count].before[0] if count < len(columns) else " "
        return rf"(?=\s|$|{re.escape(behind)})"

    def _whole(self) -> str:
        pattern = self._tail()
        for text, optional in reversed(self._pieces):
            pattern = f"(?:{text}{pattern})?" if optional else text + pattern
        return HEAD + pattern

    def _tail(self) -> str:
        extra = {Extras.NONE: "", Extras.UNQUOTED: UNQUOTED_EXTRA, Extras.ANY: ANY_EXTRA}[self.layout.extras]
        return re.escape(self.layout.after) + (rf"(?P<rest>(?:[ \t]+{extra})*+)[ \t]*" if extra else "(?P<rest>)[ \t]*")

    def _piece(self, at: int, column: LayoutColumn) -> tuple[str, bool]:
        columns = self.layout.columns
        if column.after or at + 1 == len(columns):
            behind = column.after or self.layout.after
        else:
            behind = columns[at + 1].before or _behind(column, columns[at + 1])
        inner = self._inner(column, behind)
        group = inner if column.kind.field is Field.NOTHING else f"({inner})"
        return re.escape(column.before) + group + re.escape(column.after), column.optional

    def _inner(self, column: LayoutColumn, behind: str) -> str:
        kind, pair = column.kind, column.before[-1:] + column.after[:1]
        is_strict = self._strict and not (self._any_list and kind.field is Field.FORWARDED)
        typed = kind.strict if is_strict and kind.strict is not None else kind.bare
        if pair == '""' and (typed is None or (kind.field in _ANY_TEXT_IN_QUOTES and not is_strict)):
            return QUOTED
        if typed is not None and (kind.field is not Field.ACCOUNT or is_strict or behind[:1] in {"", " "}):
            return f"(?:{typed})"
        return BRACKETED if pair == "[]" else _up_to(column, behind)


def _up_to(column: LayoutColumn, behind: str) -> str:
    """Pattern of a column whose kind has no pattern; the column ends at the text `behind`.

    Raises:
        AmbiguousColumnError: The column can contain the text that would end it.

    """
    kind = column.kind
    if not behind:
        return ".*" if kind.spaced else r"\S*+"
    if len(behind) > 1 and set(behind) - _AMBIGUOUS_ENDS:
        return f"(?:(?!{re.escape(behind)}).)*+"
    end = behind[0]
    if not kind.spaced:
        return r"[^\s\"]*+" if end in " \t" else rf"[^\s{re.escape(end)}]*+"
    if end in _AMBIGUOUS_ENDS:
        what = "spaces" if end == " " else f"'{end}'"
        raise AmbiguousColumnError(f"{column.name} can contain {what}, so its end is ambiguous.")
    return f"[^{re.escape(end)}]*+"


def _behind(column: LayoutColumn, following: LayoutColumn) -> str:
    """The character that ends a column which the next column follows without text between them."""
    if column.kind.bare is not None:
        return ""
    if following.kind.field is Field.QUERY or following.kind is QUESTION_MARK:
        return "?"
    if following.kind.field is Field.URL and not column.kind.spaced:
        return "/"
    raise AmbiguousColumnError(f"{column.name} stands directly before {following.name}, so its end is ambiguous.")
