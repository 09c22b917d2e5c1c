"""A pack of patterns, as its YAML says it, and everything that can be wrong in one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import re2  # type: ignore[import-untyped]  # has no types
import yaml
from pydantic import BeforeValidator, Field

from rules.document import Document, Strict, as_date, as_tuple, parse_document, read_document, validate
from rules.heuristics import decode
from rules.heuristics.crawlers import Crawlers, crawler_patterns, installed_crawlers
from rules.heuristics.finder import quiet_options
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


class KnownCrawlers(Strict):
    """Crawlers as one version of the package knew them."""

    version: str
    patterns: dict[str, str]
    """Regular expression to category."""


class PackFile(Strict):
    """A file of patterns that are changed and versioned together."""

    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    owner: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    crawlers: bool = False
    """Also take the patterns of the package crawler-user-agents."""
    known_crawlers: KnownCrawlers | None = None
    """What that took in. Not to be written by hand: a pack is published with it, so that it stays what it was wherever
    another version of the package is installed."""
    patterns: Annotated[tuple[PatternEntry, ...], BeforeValidator(as_tuple)] = ()


@dataclass(frozen=True)
class Pack:
    """A pack that is well: it compiles, and its examples hold."""

    name: str
    version: str
    """What the file says, and a digest of the patterns: a pack that was changed has another version, whether or not
    whoever changed it thought of that."""
    description: str
    patterns: tuple[PatternEntry, ...]
    text: str
    """The YAML as written."""
    crawlers: Crawlers | None = None
    """What came from the package, if that was asked for."""

    @property
    def source(self) -> str:
        """YAML that is this very pack wherever it is read, whichever version of the package is installed there."""
        if self.crawlers is None:
            return self.text
        known = {"version": self.crawlers.version, "patterns": dict(self.crawlers.categories)}
        written = yaml.safe_load(self.text) | {"known_crawlers": known}
        dumped: str = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
        return dumped


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
    crawlers = _crawlers(checked)
    taken = tuple(PatternEntry.model_construct(**row) for row in crawler_patterns(crawlers)) if crawlers else ()
    entries = checked.patterns + taken
    problems = list(_repeated(entries, document))
    for position, entry in enumerate(entries):
        problems += _examples(entry, position, document)
    if problems:
        return None, problems
    version = f"{checked.version}+{crawlers.version}." if crawlers else f"{checked.version}+"
    return Pack(checked.pack, version + _digest(entries), checked.description, entries, document.text, crawlers), []


def _crawlers(checked: PackFile) -> Crawlers | None:
    if not checked.crawlers:
        return None
    known = checked.known_crawlers
    return Crawlers(known.version, known.patterns, {}) if known else installed_crawlers()


def _digest(entries: Iterable[PatternEntry]) -> str:
    told = [
        [entry.id, entry.field, entry.regex, entry.weight, entry.category, entry.reason, str(entry.expires)]
        for entry in entries
        if entry.enabled
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]


def _well(document: Document | Problem) -> Pack:
    pack, problems = examine(document)
    if pack is None:
        raise RulesError(problems)
    return pack


def _examples(entry: PatternEntry, position: int, document: Document) -> Iterator[Problem]:
    try:
        compiled = re2.compile(entry.regex, quiet_options())
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


def _repeated(entries: Sequence[PatternEntry], document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        if entry.id in seen:
            yield document.problem(
                f"{entry.id} is given twice.", "Give each pattern its own id.", "patterns", position, "id"
            )
        seen.add(entry.id)
