"""The steps by which `decode` changed a text, one by one, for an explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules.heuristics import decode
from rules.heuristics.entries import PatternField

Step = tuple[str, Callable[[str], str]]

_URL: tuple[Step, ...] = (
    ("percent", decode.percent),
    ("entities", decode.entities),
    ("escapes", decode.escapes),
    ("visible", decode.visible),
    ("comments", decode.comments),
    ("lines", decode.lines),
    ("lower case", str.lower),
)
_FREE: tuple[Step, ...] = (
    ("entities", decode.entities),
    ("visible", decode.visible),
    ("spaces", decode.spaces),
    ("lower case", str.lower),
)


def disguises(field: PatternField, text: str) -> tuple[str, ...]:
    """Names of the steps that change a text of a field, each once, in the order in which they first do."""
    names = [
        name for part, is_query in _parts(field, text) for name in traced(_steps(field), part, is_query=is_query)[1]
    ]
    return tuple(dict.fromkeys(names))


def traced(steps: tuple[Step, ...], text: str, *, is_query: bool = False) -> tuple[str, list[str]]:
    """A text decoded by rounds of steps, and the names of those that changed it, once for each time."""
    found: list[str] = []
    if is_query and decode.plus(text) != text:
        found.append("plus")
        text = decode.plus(text)
    for _ in range(decode.ROUNDS if steps else 0):
        before = text
        for name, step in steps:
            after = step(text)
            if after != text:
                found += _kinds(text, after) if step is decode.percent else [name]
            text = after
        if text == before:
            break
    return text, found


def _steps(field: PatternField) -> tuple[Step, ...]:
    if field == "user_agent":
        return ()
    return _FREE if field in {"text", "title"} else _URL


def _parts(field: PatternField, text: str) -> Iterator[tuple[str, bool]]:
    """Parts of the text that are decoded separately, each with whether it is a query."""
    if field not in {"url", "referrer"}:
        yield text, field == "query"
        return
    host, path, query = decode.split_url(text)
    yield from ((host, False), (path, False), (query, True))


def _kinds(before: str, after: str) -> Iterator[str]:
    """The kinds of percent-encoding that came off."""
    plain = decode.wide(before)
    if plain != before:
        yield "wide"
    short = decode.overlong(plain)
    if short != plain:
        yield "overlong"
    if after != short:
        yield "percent"
