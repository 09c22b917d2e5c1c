"""A pack of patterns, as its YAML says it, and everything that can be wrong in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rules.files import Document, parse_yaml, problems_of
from rules.heuristics import decode
from rules.heuristics.crawlers import crawler_patterns
from weir.errors import SettingsError

PatternField = Literal["url", "path", "query", "text", "title", "referrer", "user_agent"]
DECODERS: Mapping[PatternField, Callable[[str], str]] = {
    "url": decode.url_text,
    "path": decode.url_text,
    "query": decode.query_text,
    "text": decode.free_text,
    "title": decode.free_text,
    "referrer": decode.url_text,
    "user_agent": decode.as_sent,
}
"""How a field's text is decoded before patterns see it; examples in packs are decoded alike."""
LONGEST_REGEX = 2_000


class PatternEntry(BaseModel):
    """One pattern of a pack."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]
    reason: Annotated[str, Field(min_length=8, max_length=300)]
    """A sentence for the person who reads the flag."""
    field: PatternField
    weight: Annotated[float, Field(ge=0, le=1)]
    """Evidence for abuse when it matches: 0.5 alone is a review, 0.7 a throttle, 0.9 a block."""
    regex: Annotated[str, Field(min_length=1, max_length=LONGEST_REGEX)]
    """RE2 syntax, on the decoded field (in lower case, but for user agents)."""
    match: Annotated[list[str], Field(min_length=1)]
    no_match: Annotated[list[str], Field(min_length=1)]
    owner: str | None = None
    added: date | None = None
    expires: date | None = None
    enabled: bool = True


class PackFile(BaseModel):
    """A file of patterns that are changed and versioned together."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    owner: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    crawlers: bool = False
    """Also take the patterns of the package crawler-user-agents."""
    patterns: list[PatternEntry] = []


@dataclass(frozen=True)
class Pack:
    """A pack that is well: it compiles, and its examples hold."""

    name: str
    version: str
    description: str
    patterns: tuple[PatternEntry, ...]
    source: str
    """The YAML as written."""


def parse_pack(text: str, file: Path) -> Pack:
    """The pack in a text.

    Raises:
        SettingsError: something is wrong in it; names all of it, with file, line and what to do.
    """
    pack, problems = examine(text, file)
    if pack is None:
        raise SettingsError("; ".join(problems) + ".", "`weir rules check FILE` shows each on its own line.")
    return pack


def examine(text: str, file: Path) -> tuple[Pack | None, list[str]]:
    """The pack, or everything that is wrong with it, each as `file:line: where: what`."""
    try:
        document = parse_yaml(text, file)
        parsed = PackFile.model_validate(document.value)
    except SettingsError as error:
        return None, [str(error)]
    except ValidationError as error:
        return None, problems_of(error, document)
    problems = [
        problem for position, entry in enumerate(parsed.patterns) for problem in _problems(entry, position, document)
    ]
    problems += _repeated(parsed, document)
    if problems:
        return None, problems
    entries, version = list(parsed.patterns), parsed.version
    if parsed.crawlers:
        package_version, rows = crawler_patterns()
        entries += [PatternEntry.model_construct(**row) for row in rows]
        version = f"{version}+{package_version}"
    return Pack(parsed.pack, version, parsed.description, tuple(entries), text), []


def _problems(entry: PatternEntry, position: int, document: Document) -> list[str]:
    where = f"{document.file}:{document.line(('patterns', position, 'regex'))}: {entry.id}"
    try:
        compiled = re2.compile(entry.regex, _quiet())
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        return [f"{where}: RE2 can't compile it ({reason}); it knows neither look-around nor back-references"]
    decoder = DECODERS[entry.field]
    problems = []
    for kind, examples, wanted in (("match", entry.match, True), ("no_match", entry.no_match, False)):
        for number, example in enumerate(examples):
            if (compiled.search(decoder(example)) is not None) is not wanted:
                line = document.line(("patterns", position, kind, number))
                verb = "does not match" if wanted else "matches"
                problems.append(
                    f"{document.file}:{line}: {entry.id}: it {verb} its example {example!r}"
                    f" (decoded: {decoder(example)!r})"
                )
    return problems


def _repeated(parsed: PackFile, document: Document) -> list[str]:
    seen: set[str] = set()
    problems = []
    for position, entry in enumerate(parsed.patterns):
        if entry.id in seen:
            line = document.line(("patterns", position, "id"))
            problems.append(f"{document.file}:{line}: {entry.id}: this id stands twice; ids are unique")
        seen.add(entry.id)
    return problems


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options
