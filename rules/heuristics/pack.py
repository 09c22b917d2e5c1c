"""A pack of patterns, as its YAML says it, and everything that can be wrong in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import re2  # type: ignore[import-untyped]  # has no types
from pydantic import BeforeValidator, Field

from rules.document import Document, Strict, as_date, as_tuple, parse_document, read_document, validate
from rules.heuristics import decode
from rules.heuristics.crawlers import crawler_patterns
from rules.problems import Problem, RulesError

PatternField = Literal["url", "path", "query", "text", "title", "referrer", "user_agent"]
DECODERS: Mapping[PatternField, Callable[[str], str]] = {
    "url": decode.whole_url,
    "path": decode.url_text,
    "query": decode.query_text,
    "text": decode.free_text,
    "title": decode.free_text,
    "referrer": decode.whole_url,
    "user_agent": decode.as_sent,
}
"""How a field's text is decoded before patterns see it; examples in packs are decoded alike."""
LONGEST_REGEX = 2_000
Day = Annotated[date, BeforeValidator(as_date)]
Examples = Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]


class PatternEntry(Strict):
    """One pattern of a pack."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]
    reason: Annotated[str, Field(min_length=8, max_length=300)]
    """A sentence for the person who reads the flag."""
    field: PatternField
    weight: Annotated[float, Field(ge=0, le=1)]
    """Evidence for abuse when it matches: 0.5 alone is a review, 0.7 a throttle, 0.9 a block."""
    regex: Annotated[str, Field(min_length=1, max_length=LONGEST_REGEX)]
    """RE2 syntax, on the decoded field (in lower case, but for user agents)."""
    match: Examples
    no_match: Examples
    owner: str | None = None
    added: Day | None = None
    expires: Day | None = None
    enabled: bool = True


class PackFile(Strict):
    """A file of patterns that are changed and versioned together."""

    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    owner: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    crawlers: bool = False
    """Also take the patterns of the package crawler-user-agents."""
    patterns: Annotated[tuple[PatternEntry, ...], BeforeValidator(as_tuple)] = ()


@dataclass(frozen=True)
class Pack:
    """A pack that is well: it compiles, and its examples hold."""

    name: str
    version: str
    description: str
    patterns: tuple[PatternEntry, ...]
    source: str
    """The YAML as written."""


def read_pack(file: Path) -> Pack:
    """The pack in a file.

    Raises:
        RulesError: the file can't be read, or is refused; it says everything that is wrong.
    """
    return _well(read_document(file))


def parse_pack(name: str, text: str) -> Pack:
    """The same of a text that was read from somewhere else.

    Raises:
        RulesError: it is refused.
    """
    return _well(parse_document(name, text))


def examine(document: Document | Problem) -> tuple[Pack | None, list[Problem]]:
    """The pack in a document, and everything that is wrong with it; no pack where that is an error."""
    if isinstance(document, Problem):
        return None, [document]
    checked = validate(PackFile, document)
    if isinstance(checked, list):
        return None, checked
    problems = list(_repeated(checked, document))
    for position, entry in enumerate(checked.patterns):
        problems += _examples(entry, position, document)
    if problems:
        return None, problems
    entries, version = checked.patterns, checked.version
    if checked.crawlers:
        package_version, rows = crawler_patterns()
        entries += tuple(PatternEntry.model_construct(**row) for row in rows)
        version = f"{version}+{package_version}"
    return Pack(checked.pack, version, checked.description, entries, document.text), []


def _well(document: Document | Problem) -> Pack:
    pack, problems = examine(document)
    if pack is None:
        raise RulesError(problems)
    return pack


def _examples(entry: PatternEntry, position: int, document: Document) -> Iterator[Problem]:
    try:
        compiled = re2.compile(entry.regex, _quiet())
    except re2.error as error:
        detail = error.args[0] if error.args else error
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail
        yield document.problem(
            f"{entry.id}: RE2 can't compile it: {reason}.",
            "RE2 knows neither look-around nor back-references.",
            *("patterns", position, "regex"),
        )
        return
    decoder = DECODERS[entry.field]
    for kind, examples, wanted in (("match", entry.match, True), ("no_match", entry.no_match, False)):
        for number, example in enumerate(examples):
            if (compiled.search(decoder(example)) is not None) is not wanted:
                verb = "does not match" if wanted else "matches"
                yield document.problem(
                    f"{entry.id} {verb} its example {example!r}.",
                    f"Decoded, that is {decoder(example)!r}; mend the pattern or the example.",
                    *("patterns", position, kind, number),
                )


def _repeated(checked: PackFile, document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, entry in enumerate(checked.patterns):
        if entry.id in seen:
            yield document.problem(
                f"{entry.id} is given twice.", "Give each pattern its own id.", "patterns", position, "id"
            )
        seen.add(entry.id)


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options
