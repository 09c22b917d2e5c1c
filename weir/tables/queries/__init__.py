"""Named queries over the tables: a file of SQL each, whose first comment says what it answers and how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from weir.errors import UsageError

_ANSWERS, _READING = "Answers: ", "Reading: "


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query of the library."""

    name: str
    title: str
    answers: str
    """The question that it answers."""
    reading: str
    """How to read its rows."""
    sql: str
    """The whole file, comment and all."""


@cache
def named_queries() -> tuple[NamedQuery, ...]:
    """All of them, by name."""
    found = [entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")]
    return tuple(
        parsed(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


def named_query(name: str) -> NamedQuery:
    """The query of this name.

    Raises:
        UsageError: there is none.
    """
    for query in named_queries():
        if query.name == name:
            return query
    raise UsageError(f"There is no query {name}.", f"Choose one of {', '.join(one.name for one in named_queries())}.")


def parsed(name: str, sql: str) -> NamedQuery:
    """The query that a file holds.

    Raises:
        ValueError: its comment lacks the title, what it answers or how it is read.
    """
    comment: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    title, text = comment[0] if comment else "", " ".join(comment[1:])
    answers, found, reading = text.partition(f" {_READING}")
    if not (title and found and reading and answers.startswith(_ANSWERS)):
        raise ValueError(f"{name}.sql must begin with a title, {_ANSWERS.strip()} and {_READING.strip()}")
    return NamedQuery(name, title, answers.removeprefix(_ANSWERS), reading, sql)
