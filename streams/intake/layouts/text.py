"""Runs a layout of text lines: one pattern, compiled from its columns.

Every pattern is bounded or possessive, so that no line takes more than linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from streams.intake.layouts import kinds
from streams.intake.layouts.escapes import unescaped
from streams.intake.layouts.kinds import QUESTION_MARK, Field
from streams.intake.layouts.layout import Column, Extras, Layout

QUOTED = r'(?:[^"\\]++|\\.|"")*+'
_BRACKETED = r"[^\]]*+"
# What syslog, journald, Kubernetes and Docker Compose put before a line: RFC 3164, RFC 5424, an ISO time, CRI, a name.
_HOST_AND_TAG = r"[\w.:-]{1,255} [\w./-]{1,64}(?:\[[0-9]{1,10}\])?: "
_HEAD = (
    r"(?:(?:<[0-9]{1,3}>)?(?:"
    rf"[A-Z][a-z]{{2}} [ 0-9][0-9] [0-9:]{{8}} (?:{_HOST_AND_TAG}|[\w./-]{{1,64}}(?:\[[0-9]{{1,10}}\])?: )"
    rf"|[0-9]{{4}}-[0-9-]{{5}}T[0-9:.,]{{8,18}}(?:Z|[+-][0-9:]{{4,6}}) {_HOST_AND_TAG}"
    r"|1 [0-9T:.,+Z-]{10,40} [\w.:-]{1,255} [\w./-]{1,64} [\w.-]{1,128} [\w.-]{1,64} (?:-|\[[^\]]{0,1024}\]) "
    r")|[0-9]{4}-[0-9-]{5}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{4,6}) (?:stdout|stderr) [FP] "
    r"|[\w.-]{1,128} {1,16}\| )?"
)
_EXTRA = re.compile(
    rf'(?P<key>[A-Za-z_$][\w.$-]{{0,63}}+)=(?:"(?P<pair>{QUOTED})"|(?P<bare_pair>[^\s"]*+))'
    rf'|"(?P<quoted>{QUOTED})"|\[(?P<bracketed>[^\]]{{0,1024}}+)\]|(?P<bare>[^\s"]++)'
)
_UNQUOTED_EXTRA = rf'(?:[A-Za-z_$][\w.$-]{{0,63}}+=(?:"{QUOTED}"|[^\s"]*+)|\[[^\]]{{0,1024}}+\]|[^\s"]++)'
_ANY_EXTRA = rf'(?:[A-Za-z_$][\w.$-]{{0,63}}+=(?:"{QUOTED}"|[^\s"]*+)|"{QUOTED}"|\[[^\]]{{0,1024}}+\]|[^\s"]++)'
_TOKEN = re.compile(rf'\s*("{QUOTED}"?|\[[^\]]{{0,1024}}+\]?|\S++)')
_AMBIGUOUS_ENDS = frozenset(" ,;()/")
"""Characters that user agents, referrers and request lines have in them."""
_FREE_IN_QUOTES = frozenset({Field.FORWARDED, Field.ACCOUNT})
"""What clients choose the text of: a line is not lost for it where quotes say its end."""
_NOTHING = frozenset({"-", ""})
_SPARE = frozenset({Field.PROPERTY, Field.ACCOUNT, Field.FORWARDED})
"""What a line needn't name."""
_USUAL = re.compile(kinds.ACCOUNT.strict or "")
_NO_ACCOUNT = re.compile(kinds.NO_ACCOUNT)
SHOWN = 60


class AmbiguousColumnError(ValueError):
    """A column's end can't be told."""


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of a line."""

    values: dict[Field, object]
    properties: dict[str, str]
    extras: tuple[tuple[str, str], ...] = ()
    """Columns behind the layout's last one, by name or by number."""


class TextParser:
    """Reads lines of one layout.

    Args:
        layout: What the lines look like.
        strict: Columns in quotes must look like what they hold, too: to tell layouts apart. Without it, what clients
            choose may be of any form, since a line must not be lost for it.
        any_list: With `strict`: a forwarded list may be of any form all the same.

    """

    def __init__(self, layout: Layout, *, strict: bool = False, any_list: bool = False) -> None:
        """Compiles the layout.

        Raises:
            AmbiguousColumnError: a column that can hold spaces has no end.

        """
        self.layout = layout
        self._strict = strict
        self._any_list = any_list
        self._pieces = [self._piece(at, column) for at, column in enumerate(layout.columns)]
        self._pattern = re.compile(self._whole(), re.DOTALL)
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
        """Whether URLs are written with the site's scheme and host."""
        return self._absolute

    def parse(self, line: str) -> Row:
        """Takes a line apart.

        Raises:
            ValueError: the line has another layout; the message names the column, by number and content.

        """
        found = self._pattern.fullmatch(line)
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
            return Row(values, properties)
        extras = tuple(self._extras(rest))
        properties.update(extras)
        return Row(values, properties, extras)

    def explain(self, line: str) -> str:
        """Says why a line is not of this layout: which column is wrong, and what stands there."""
        columns = self.layout.columns
        for count in range(len(columns), 0, -1):
            found = self._prefixes[count].match(line)
            if found is None:
                continue
            if count == len(columns):
                return self._behind_the_last(line, found.end())
            return self._at(line, found.end(), count)
        return self._at(line, 0, 0)

    def depth(self, line: str) -> int:
        """How many of the columns fit, from the first on."""
        return next((n for n in range(len(self.layout.columns), 0, -1) if self._prefixes[n].match(line)), 0)

    def _behind_the_last(self, line: str, start: int) -> str:
        number = len(self.layout.columns) + 1
        extra = {Extras.NONE: None, Extras.UNQUOTED: _UNQUOTED_EXTRA, Extras.ANY: _ANY_EXTRA}[self.layout.extras]
        fitting = re.compile(rf"[ \t]+{extra}(?=\s|$)") if extra else None
        while fitting is not None and (found := fitting.match(line, start)):
            start, number = found.end(), number + 1
        text = found[1] if (found := _TOKEN.match(line, start)) else line[start:]
        return f"Column {number} is {_shown(text)}, and {self.layout.name} has no such column."

    def _at(self, line: str, start: int, count: int) -> str:
        column = self.layout.columns[count]
        what = column.kind.field if column.kind.field not in {Field.PROPERTY, Field.NOTHING} else column.name
        found = _TOKEN.match(line, start)
        if found is None:
            return f"The line ends before column {count + 1}, {what}: it may be cut off."
        text = found[1]
        if text[:1] == '"' and (len(text) == 1 or text[-1:] != '"') and column.before.endswith('"'):
            return f"Column {count + 1}, {what}, has no end: the line may be cut off."
        return f"Column {count + 1} is {_shown(text)} where {self.layout.name} has {what}."

    def _extras(self, rest: str) -> list[tuple[str, str]]:
        found = []
        for number, extra in enumerate(_EXTRA.finditer(rest), len(self.layout.columns) + 1):
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

    @cached_property
    def _prefixes(self) -> dict[int, re.Pattern[str]]:
        return {
            count: re.compile(_HEAD + "".join(text for text, _ in self._pieces[:count]) + self._end(count), re.DOTALL)
            for count in range(1, len(self._pieces) + 1)
        }

    def _end(self, count: int) -> str:
        """What must follow the first so many columns: a column that fits in part does not fit."""
        columns = self.layout.columns
        if columns[count - 1].after or (count < len(columns) and not columns[count].before):
            return ""
        behind = columns[count].before[0] if count < len(columns) else " "
        return rf"(?=\s|$|{re.escape(behind)})"

    def _whole(self) -> str:
        pattern = self._tail()
        for text, optional in reversed(self._pieces):
            pattern = f"(?:{text}{pattern})?" if optional else text + pattern
        return _HEAD + pattern

    def _tail(self) -> str:
        extra = {Extras.NONE: "", Extras.UNQUOTED: _UNQUOTED_EXTRA, Extras.ANY: _ANY_EXTRA}[self.layout.extras]
        return re.escape(self.layout.after) + (rf"(?P<rest>(?:[ \t]+{extra})*+)[ \t]*" if extra else "(?P<rest>)[ \t]*")

    def _piece(self, at: int, column: Column) -> tuple[str, bool]:
        columns = self.layout.columns
        if column.after or at + 1 == len(columns):
            behind = column.after or self.layout.after
        else:
            behind = columns[at + 1].before or _behind(column, columns[at + 1])
        inner = self._inner(column, behind)
        group = inner if column.kind.field is Field.NOTHING else f"({inner})"
        return re.escape(column.before) + group + re.escape(column.after), column.optional

    def _inner(self, column: Column, behind: str) -> str:
        kind, pair = column.kind, column.before[-1:] + column.after[:1]
        is_strict = self._strict and not (self._any_list and kind.field is Field.FORWARDED)
        typed = kind.strict if is_strict and kind.strict is not None else kind.bare
        if pair == '""' and (typed is None or (kind.field in _FREE_IN_QUOTES and not is_strict)):
            return QUOTED
        if typed is not None and (kind.field is not Field.ACCOUNT or is_strict or behind[:1] in {"", " "}):
            return f"(?:{typed})"
        return _BRACKETED if pair == "[]" else _up_to(column, behind)


def _up_to(column: Column, behind: str) -> str:
    """Pattern of a text without a pattern of its own, which ends where the next text begins.

    Raises:
        AmbiguousColumnError: the text can hold what would end it.

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
        raise AmbiguousColumnError(f"{column.name} can hold {what}, so its end can't be told.")
    return f"[^{re.escape(end)}]*+"


def _put(values: dict[Field, object], properties: dict[str, str], column: Column, text: str) -> None:
    """Puts a column's text where it belongs."""
    field, read = column.kind.field, column.kind.read
    if text == '""':
        return  # Apache's empty user
    if "\\" in text or '""' in text:
        text = unescaped(text)
    if text in _NOTHING and field in _SPARE:
        return
    if field is Field.PROPERTY:
        properties[column.name] = text
    elif field is Field.ACCOUNT and column.before[-1:] != '"' and _is_unusual(text):
        properties["unusual_account"] = text
    elif field is Field.FORWARDED:
        values.setdefault(field, text)  # the first of several that says anything
    else:
        values[field] = text if read is None else read(text)


def _is_unusual(account: str) -> bool:
    return _NO_ACCOUNT.fullmatch(account) is not None or (" " in account and _USUAL.fullmatch(account) is None)


def _behind(column: Column, following: Column) -> str:
    """What ends a column that another one follows without any text between them."""
    if column.kind.bare is not None:
        return ""
    if following.kind.field is Field.QUERY or following.kind is QUESTION_MARK:
        return "?"
    if following.kind.field is Field.URL and not column.kind.spaced:
        return "/"
    raise AmbiguousColumnError(f"{column.name} stands directly before {following.name}, so its end can't be told.")


def _shown(text: str) -> str:
    cut = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return f"'{cut}'"
