"""Named queries over the tables: one SQL file each, whose first comment has its question and how to read the rows."""

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
    """The question that the query answers."""
    reading: str
    """How to read the rows."""
    sql: str
    """The complete text of the file, with the comment."""


@cache
def named_queries() -> tuple[NamedQuery, ...]:
    """All named queries, in the order of their names."""
    found = [entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")]
    return tuple(
        parsed(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


def named_query(name: str) -> NamedQuery:
    """The query of this name.

    Raises:
        UsageError: there is no such query.
    """
    for query in named_queries():
        if query.name == name:
            return query
    raise UsageError(f"There is no query {name}.", f"Choose one of {', '.join(one.name for one in named_queries())}.")


def parsed(name: str, sql: str) -> NamedQuery:
    """The query of a file's text.

    Raises:
        ValueError: the comment lacks the title, the question or how to read the rows.
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
