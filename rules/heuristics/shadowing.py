"""Patterns that another one makes needless: wherever they match, it matches too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types

from rules.heuristics.entries import DECODERS, PatternEntry, PatternField
from rules.heuristics.finder import quiet_options
from rules.heuristics.generate import strings

MADE_UP = 60
"""Strings that are made from a pattern, beside its examples, to see whether the other matches them all."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One pattern makes another needless."""

    pattern: str
    by: str
    strings: int
    """Looked at: examples, strings made from the pattern, and the log's."""
    never_counts: bool
    """Both are of one group: the evidence is the same without it."""


class Shadows:
    """Finds them among all patterns; `seen` are decoded strings of a log, by field."""

    def __init__(
        self, entries: Iterable[PatternEntry], seen: Mapping[PatternField, Collection[str]] | None = None
    ) -> None:
        self._seen = seen or {}
        self._by_field: dict[PatternField, list[tuple[PatternEntry, Any]]] = {}
        for entry in entries:
            if not entry.shadow and entry.enabled:
                compiled = re2.compile(entry.expression, quiet_options())
                self._by_field.setdefault(entry.field, []).append((entry, compiled))

    def of(self, entry: PatternEntry) -> Iterator[Shadow]:
        """What makes the pattern needless: it matches the same field, weighs as much, and is in force wherever it is.

        Of two that match the very same, the one of the greater id is needless.
        """
        texts = self._texts(entry)
        for other, compiled in self._by_field.get(entry.field, ()):
            if other.id == entry.id or not _weighs_as_much(other, entry):
                continue
            if all(compiled.search(text) is not None for text in texts):
                if other.id > entry.id and self._is_mutual(other, entry):
                    continue
                same = entry.group is not None and entry.group == other.group
                yield Shadow(entry.id, other.id, len(texts), same)

    def _texts(self, entry: PatternEntry) -> list[bytes]:
        decoder = DECODERS[entry.field]
        texts = [decoder(example) for example in entry.match] + strings(entry.expression, MADE_UP)
        compiled = re2.compile(entry.expression, quiet_options())
        seen = [text for text in self._seen.get(entry.field, ()) if compiled.search(_bytes(text)) is not None]
        return [_bytes(text) for text in dict.fromkeys(texts + seen)]

    def _is_mutual(self, one: PatternEntry, other: PatternEntry) -> bool:
        compiled = re2.compile(other.expression, quiet_options())
        return _weighs_as_much(other, one) and all(compiled.search(text) is not None for text in self._texts(one))


def _weighs_as_much(other: PatternEntry, entry: PatternEntry) -> bool:
    lasts = other.expires is None or (entry.expires is not None and other.expires >= entry.expires)
    return other.weight >= entry.weight > 0 and other.level <= entry.level and lasts


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
