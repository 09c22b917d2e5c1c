"""Whether entries of a pack compile, and do on their examples what these say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types
from pydantic import ValidationError

from rules.document import Document
from rules.heuristics.conditions import holds_together
from rules.heuristics.entries import DECODERS, PatternEntry, SessionRuleEntry
from rules.heuristics.finder import quiet_options
from rules.problems import Problem


def bad_examples(entry: PatternEntry | SessionRuleEntry, position: int, document: Document) -> Iterator[Problem]:
    """Examples that fail, or that the entry doesn't compile; `position` is its place in the list of its kind."""
    if isinstance(entry, SessionRuleEntry):
        yield from _of_rule(entry, position, document)
    else:
        yield from _of_pattern(entry, position, document)


def repeated(
    patterns: Iterable[PatternEntry], rules: Iterable[SessionRuleEntry], document: Document
) -> Iterator[Problem]:
    """Ids that stand twice."""
    seen: set[str] = set()
    placed = chain(
        (("patterns", at, entry.id) for at, entry in enumerate(patterns)),
        (("rules", at, entry.id) for at, entry in enumerate(rules)),
    )
    for kind, position, name in placed:
        if name in seen:
            yield document.problem(f"{name} is given twice.", "Give each entry its own id.", kind, position, "id")
        seen.add(name)


def of_the_well_formed(document: Document) -> Iterator[Problem]:
    """Bad examples of entries whose form is right, in a file where others' is not; of those, what won't compile."""
    for kind, model in (("patterns", PatternEntry), ("rules", SessionRuleEntry)):
        listed: Any = document.value.get(kind) if isinstance(document.value, dict) else None
        for position, row in enumerate(listed if isinstance(listed, list) else ()):
            try:
                entry: PatternEntry | SessionRuleEntry = model.model_validate(row)
            except ValidationError:
                if isinstance(row, dict) and isinstance(row.get("regex"), str):
                    yield from _compiles(row["regex"], str(row.get("id", "It")), position, document)
                continue
            yield from bad_examples(entry, position, document)


def _of_pattern(entry: PatternEntry, position: int, document: Document) -> Iterator[Problem]:
    broken = list(_compiles(entry.expression, entry.id, position, document))
    if broken:
        yield from broken
        return
    compiled = re2.compile(entry.expression, quiet_options())
    decoder = DECODERS[entry.field]
    for kind, examples, wanted in (("match", entry.match, True), ("no_match", entry.no_match, False)):
        for number, example in enumerate(examples):
            decoded = decoder(example).encode("utf-8", "replace")
            if (compiled.search(decoded) is not None) is not wanted:
                verb = "does not match" if wanted else "matches"
                yield document.problem(
                    f"{entry.id} {verb} its example {example!r}.",
                    f"Decoded, that is {decoder(example)!r}; mend the pattern or the example.",
                    *("patterns", position, kind, number),
                )


def _compiles(expression: str, name: str, position: int, document: Document) -> Iterator[Problem]:
    try:
        re2.compile(expression, quiet_options())
    except (re2.error, UnicodeEncodeError) as error:
        detail = error.args[0] if error.args else error
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail
        yield document.problem(
            f"{name}: RE2 can't compile it: {reason}.",
            "RE2 knows neither look-around nor back-references.",
            *("patterns", position, "regex"),
        )


def _of_rule(entry: SessionRuleEntry, position: int, document: Document) -> Iterator[Problem]:
    for kind, examples, wanted in (("match", entry.match, True), ("no_match", entry.no_match, False)):
        for number, example in enumerate(examples):
            if holds_together(entry.conditions, entry.needs, example) is not wanted:
                held = [str(at + 1) for at, one in enumerate(entry.conditions) if one.holds(example)]
                yield document.problem(
                    f"{entry.id} {'does not hold' if wanted else 'holds'} for its example {number + 1}.",
                    f"Of its {len(entry.conditions)} conditions, {', '.join(held) if held else 'none'} "
                    f"{'hold' if len(held) != 1 else 'holds'}; mend the rule or the example.",
                    *("rules", position, kind, number),
                )
