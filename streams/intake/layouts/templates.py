r"""Makes layouts of the log format strings in a server's configuration.

- nginx: `$remote_addr - $remote_user [$time_local] "$request" …`, or the whole `log_format name '…' '…';`
- Apache: `%h %l %u %t \"%r\" %>s %b …`, or the whole `LogFormat "…" name`
- JSON: `{"time": "$time_iso8601", "ip": "$remote_addr", …}`, as nginx writes it with `escape=json`. Such a template
  can describe the JSON lines of any server: it names the nginx variable that each field corresponds to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from streams.intake.layouts import kinds
from streams.intake.layouts.compiled import AmbiguousColumnError
from streams.intake.layouts.kinds import ColumnKind, Field
from streams.intake.layouts.layout import Extras, JsonColumn, JsonLayout, Layout, LayoutColumn
from streams.intake.layouts.text import TextParser
from streams.intake.layouts.variables import APACHE_TIME, apache_kind, nginx_kind, time_kind, time_pattern
from weir.errors import UsageError

NAME = "--log-format"
_NGINX = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_APACHE = re.compile(r"%%|%([!,0-9]*)[<>]?(\{[^}]*\})?[<>]?(\^t[io]|[A-Za-z])")
_NGINX_DIRECTIVE = re.compile(
    r"""^\s*log_format\s+(?P<name>\S+)\s+(?:escape=\w+\s+)?(?P<rest>(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^;'"])*)(?:;|\Z)""",
    re.MULTILINE,
)
_APACHE_DIRECTIVE = re.compile(
    r"""^\s*(?:LogFormat|CustomLog\s+\S+)\s+"(?P<text>(?:[^"\\]|\\.)*)"(?:[ \t]+(?P<name>\S+))?""",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\S+)""", re.DOTALL)
_UNQUOTED_VALUE = re.compile(r"([:\[,]\s*)(\$\{?\w+\}?|%[>{][^\s,}\]]*|%\w)(\s*[,}\]])")
_CLOSING_CHARACTERS = {'"': '"', "[": "]", "'": "'", "{": "}", "(": ")"}
_NOT_EVENT_FIELDS = {Field.PROPERTY, Field.NOTHING}
_SINGLE_FIELDS = {Field.CLIENT, Field.TIME, Field.STATUS, Field.BYTES, Field.URL, Field.REQUEST, Field.METHOD}


def layout_of(template: str) -> Layout | JsonLayout:
    """The layout that a server with this `log_format` or `LogFormat` writes.

    Raises:
        UsageError: The string lacks a client or a time, or a column's end is ambiguous.

    """
    text = _without_directive(template)
    layout = _json_layout(text) if text.lstrip().startswith("{") else _text_layout(text)
    fields = set(_fields(layout))
    if not fields & {Field.CLIENT, Field.FORWARDED}:
        raise UsageError(
            f"{NAME} has no column for the client.",
            "Add $remote_addr (nginx) or %h (Apache) to the server's format, and to this option.",
        )
    if Field.TIME not in fields:
        raise UsageError(
            f"{NAME} has no column for the time.",
            "Add $time_local (nginx) or %t (Apache) to the server's format, and to this option.",
        )
    inner = [column.inner for column in layout.columns if isinstance(column, JsonColumn) and column.inner is not None]
    for one in [layout] if isinstance(layout, Layout) else inner:
        try:
            TextParser(one)
        except AmbiguousColumnError as error:
            raise UsageError(
                f"{NAME}: {error}", "Put the column in double quotes, in the server's format and in this option."
            ) from error
    return layout


def _fields(layout: Layout | JsonLayout) -> Iterator[Field]:
    for column in layout.columns:
        yield column.kind.field
        if isinstance(column, JsonColumn) and column.inner is not None:
            yield from _fields(column.inner)


def _without_directive(template: str) -> str:
    """The format string without the directive around it."""
    if found := _only(list(_NGINX_DIRECTIVE.finditer(template))):
        return "".join(_nginx_unescaped(piece) for piece in _PIECE.finditer(found["rest"]))
    if found := _only(list(_APACHE_DIRECTIVE.finditer(template))):
        return found["text"].replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")
    stripped = template.strip().removesuffix(";")
    pieces = list(_PIECE.finditer(stripped))
    if stripped[:1] == "'" and all(piece[1] is not None for piece in pieces):
        return "".join(_nginx_unescaped(piece) for piece in pieces)
    if '\\"' in template and "%" in template:
        text = template.strip()
        text = text[1:-1] if text[0] == text[-1] == '"' else text
        return text.replace('\\"', '"').replace("\\t", "\t")
    return template.strip()


def _only(found: list[re.Match[str]]) -> re.Match[str] | None:
    if len(found) > 1:
        names = ", ".join(one["name"] or "without a name" for one in found)
        raise UsageError(f"{NAME} has {len(found)} formats: {names}.", "Give only the format of this log.")
    return found[0] if found else None


def _nginx_unescaped(piece: re.Match[str]) -> str:
    text = next(part for part in piece.groups() if part is not None)
    return text.replace("\\'", "'").replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")


def _text_layout(text: str) -> Layout:
    parts = list(_nginx_parts(text) if _NGINX.search(text) else _apache_parts(text))
    if len(parts) <= 1:
        raise UsageError(
            f"{NAME} {text[:60]} has neither nginx variables nor Apache directives.",
            "Give the string of log_format or LogFormat. To name a layout, use --format.",
        )
    columns: list[LayoutColumn] = []
    seen: set[Field] = set()
    for at in range(1, len(parts), 2):
        before, (name, kind) = str(parts[at - 1]), _column(parts[at])
        if kind.field in _SINGLE_FIELDS and kind.field in seen:
            kind = kinds.TEXT if kind.bare is None else ColumnKind(Field.PROPERTY, kind.bare)
        seen.add(kind.field)
        columns.append(LayoutColumn(name, kind, before))
    closed, after = _closed(columns, str(parts[-1]))
    # A client can put spaces into a text without quotes, and so forge further columns.
    is_safe = all(column.kind.bare is not None or column.before[-1:] + column.after == '""' for column in closed)
    return Layout(NAME, "the operator's own", closed, after, Extras.ANY if is_safe else Extras.NONE)


def _column(part: str | tuple[str, ColumnKind]) -> tuple[str, ColumnKind]:
    return part if isinstance(part, tuple) else (part, kinds.TEXT)


def _closed(columns: list[LayoutColumn], tail: str) -> tuple[tuple[LayoutColumn, ...], str]:
    """Gives each column its closing quote or bracket; also returns the text after the last column."""
    texts = [*(column.before for column in columns), tail]
    closed = []
    for at, column in enumerate(columns):
        closing = _CLOSING_CHARACTERS.get(texts[at][-1:], "")
        if closing and texts[at + 1].startswith(closing):
            closed.append(replace(column, before=texts[at], after=closing))
            texts[at + 1] = texts[at + 1].removeprefix(closing)
        else:
            closed.append(replace(column, before=texts[at]))
    return tuple(closed), texts[-1]


def _nginx_parts(text: str) -> Iterator[str | tuple[str, ColumnKind]]:
    """Yields text, column, text, column, …, text."""
    end = 0
    for found in _NGINX.finditer(text):
        name = found[1] or found[2]
        yield text[end : found.start()]
        yield name, nginx_kind(name)
        end = found.end()
    yield text[end:]


def _apache_parts(text: str) -> Iterator[str | tuple[str, ColumnKind]]:
    """Yields text, column, text, column, …, text; several directives of one time become one column."""
    parts: list[str | tuple[str, ColumnKind]] = []
    end, literal, pattern = 0, "", ""
    for found in _APACHE.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if found[0] == "%%":
            literal += "%"
            continue
        directive = (found[2] or "") + found[3]
        more = time_pattern(directive)
        if more and pattern:
            pattern += literal.replace("%", "%%") + more
            parts[-1] = ("time", time_kind(pattern))
            literal = ""
            continue
        pattern = more
        try:
            part = ("time", time_kind(more)) if more else apache_kind(directive)
        except ValueError as error:
            raise UsageError(f"{NAME}: {error}.", "See mod_log_config's table of directives.") from error
        # Apache writes the brackets of %t itself.
        own = part == APACHE_TIME
        parts += [f"{literal}[" if own else literal, part]
        literal = "]" if own else ""
    yield from parts
    yield literal + text[end:]


def _json_layout(text: str) -> JsonLayout:
    try:
        content = json.loads(_UNQUOTED_VALUE.sub(r'\1"\2"\3', _UNQUOTED_VALUE.sub(r'\1"\2"\3', text)))
    except ValueError as error:
        raise UsageError(
            f"{NAME} begins with {{ but is not valid JSON: {error}.",
            'Write each variable as a string, such as "$status".',
        ) from error
    columns = tuple(_json_columns(content, ()))
    required = tuple(column.path for column in columns if column.kind.field is Field.TIME)
    return JsonLayout(NAME, "the operator's own", columns, required)


def _json_columns(content: object, path: tuple[str, ...]) -> Iterator[JsonColumn]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _json_columns(value, (*path, name))
    elif isinstance(content, list):
        for value in content[:1]:
            yield from _json_columns(value, path)
    elif isinstance(content, str):
        parts = list(_nginx_parts(content) if "$" in content else _apache_parts(content))
        if len(parts) == 1:
            return
        _, kind = _column(parts[1])
        whole = parts[0] == parts[-1] == "" and len(parts) == len(("", parts[1], ""))
        if whole and kind.field is Field.TIME:
            kind = kinds.ANY_TIME if kind.read is not None and kind.bare is not None else kind
        if whole:
            yield JsonColumn(path, kind)
            return
        inner = replace(_text_layout(content), name=".".join(path), extras=Extras.NONE)
        has_place = any(column.kind.field not in _NOT_EVENT_FIELDS for column in inner.columns)
        yield JsonColumn(path, kinds.TEXT, inner if has_place else None)
