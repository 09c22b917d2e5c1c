"""A pack of patterns and rules, as in its YAML, and the checks of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rules.document import Document, parse_document, read_document, validate
from rules.heuristics.crawlers import Crawlers, crawler_patterns, installed_crawlers
from rules.heuristics.domains import with_domains
from rules.heuristics.entries import DECODERS, PackFile, PatternEntry, PatternField, SessionRuleEntry
from rules.heuristics.examples import bad_examples, of_the_well_formed, repeated
from rules.kinds import another_kind
from rules.problems import Problem, RulesError

__all__ = [
    "DECODERS",
    "Pack",
    "PatternEntry",
    "PatternField",
    "SessionRuleEntry",
    "examine",
    "parse_pack",
    "read_pack",
]


@dataclass(frozen=True)
class Pack:
    """A valid pack: its patterns compile, and its examples hold."""

    name: str
    version: str
    """The file's version and a digest of the entries in force, so that a pack with other entries or another level has
    another version even if its author did not change it."""
    description: str
    patterns: tuple[PatternEntry, ...]
    """All patterns, in force or not."""
    text: str
    """The YAML as written."""
    crawlers: Crawlers | None = None
    """Patterns from the package, if the pack has `known_crawlers`."""
    rules: tuple[SessionRuleEntry, ...] = ()
    level: int = 1
    """Level of paranoia: entries of a higher one are not in force."""
    lines: Mapping[str, int] | None = None
    """Id to its line in the YAML."""

    @property
    def patterns_in_force(self) -> tuple[PatternEntry, ...]:
        """Patterns that are enabled and of the pack's level or a lower one."""
        return tuple(entry for entry in self.patterns if entry.enabled and entry.level <= self.level)

    @property
    def rules_in_force(self) -> tuple[SessionRuleEntry, ...]:
        """Likewise, rules."""
        return tuple(entry for entry in self.rules if entry.enabled and entry.level <= self.level)

    @property
    def source(self) -> str:
        """YAML of this pack that does not depend on packages, files or settings where it is read."""
        written = yaml.safe_load(self.text)
        derived: dict[str, Any] = {}
        if self.crawlers is not None:
            derived["known_crawlers"] = {
                "version": self.crawlers.version,
                "patterns": dict(self.crawlers.categories),
            }
        if written.get("level", 1) != self.level:
            derived["level"] = self.level
        listed = {entry.id: list(entry.domains) for entry in self.patterns if entry.domains_file is not None}
        if listed:
            derived["patterns"] = [_with_list(row, listed) for row in written["patterns"]]
        if not derived:
            return self.text
        dumped: str = yaml.safe_dump(written | derived, sort_keys=False, allow_unicode=True)
        return dumped


def read_pack(file: Path, level: int = 1) -> Pack:
    """The pack in a file, of a level unless it names its own.

    Raises:
        RulesError: the file can't be read, or is refused; the error lists all problems.
    """
    return _well(read_document(file), level)


def parse_pack(name: str, text: str, level: int = 1) -> Pack:
    """The same of a text that was read from somewhere else.

    Raises:
        RulesError: it is refused.
    """
    return _well(parse_document(name, text), level)


def examine(document: Document | Problem, level: int = 1) -> tuple[Pack | None, list[Problem]]:
    """The pack in a document, and everything that is wrong with it; no pack where that is an error."""
    if isinstance(document, Problem):
        return None, [document]
    mistaken = another_kind(document, "pack")
    if mistaken:
        return None, mistaken
    document, problems = with_domains(document)
    checked = validate(PackFile, document)
    if isinstance(checked, list):
        return None, sorted({*problems, *checked, *of_the_well_formed(document)})
    crawlers = _crawlers(checked)
    taken = tuple(PatternEntry.model_construct(**row) for row in crawler_patterns(crawlers)) if crawlers else ()
    patterns = checked.patterns + taken
    oversized = tuple(entry.pattern for entry in checked.oversized)
    problems += repeated(patterns + oversized, checked.rules, document)
    for position, entry in enumerate(patterns):
        problems += bad_examples(entry, position, document)
    for position, rule in enumerate(checked.rules):
        problems += bad_examples(rule, position, document)
    if problems:
        return None, problems
    everywhere = patterns + oversized + tuple(one for entry in checked.patterns for one in entry.elsewhere)
    return _pack(checked, everywhere, crawlers, document, checked.level or level), []


def _pack(
    checked: PackFile, patterns: tuple[PatternEntry, ...], crawlers: Crawlers | None, document: Document, level: int
) -> Pack:
    lines = {entry.id: document.line("patterns", at, "id") for at, entry in enumerate(checked.patterns)}
    lines |= {entry.id: document.line("oversized", at, "id") for at, entry in enumerate(checked.oversized)}
    lines |= {entry.id: document.line("rules", at, "id") for at, entry in enumerate(checked.rules)}
    unnamed = Pack(
        checked.pack, "", checked.description, patterns, document.text, crawlers, checked.rules, level, lines
    )
    version = f"{checked.version}+{crawlers.version}." if crawlers else f"{checked.version}+"
    digest = _digest(unnamed.patterns_in_force, unnamed.rules_in_force)
    return Pack(**(vars(unnamed) | {"version": version + digest}))


def _crawlers(checked: PackFile) -> Crawlers | None:
    if not checked.crawlers:
        return None
    known = checked.known_crawlers
    return Crawlers(known.version, known.patterns, {}) if known else installed_crawlers()


def _digest(patterns: Iterable[PatternEntry], rules: Iterable[SessionRuleEntry]) -> str:
    rows: list[list[object]] = [[*_row_head(entry), entry.field, entry.expression] for entry in patterns]
    rows += [[*_row_head(rule), rule.needs, *(one.model_dump_json() for one in rule.conditions)] for rule in rules]
    return hashlib.sha256(json.dumps(sorted(rows, key=str)).encode()).hexdigest()[:8]


def _row_head(entry: PatternEntry | SessionRuleEntry) -> list[object]:
    return [
        *(entry.id, entry.weight, entry.category, entry.reason),
        *(entry.group, entry.shadow, entry.level, str(entry.expires)),
    ]


def _well(document: Document | Problem, level: int) -> Pack:
    pack, problems = examine(document, level)
    if pack is None:
        raise RulesError(problems)
    return pack


def _with_list(row: dict[str, Any], listed: Mapping[str, list[str]]) -> dict[str, Any]:
    if row["id"] not in listed:
        return row
    return {name: value for name, value in row.items() if name != "domains_file"} | {"domains": listed[row["id"]]}
