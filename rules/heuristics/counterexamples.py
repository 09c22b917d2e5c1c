"""Counter-examples: ordinary texts of each field, which patterns must not match.

The texts are composed by this project (`rules/heuristics/benign`). They show an author of a pattern which people
it would flag; they do not prove that it flags no others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rules.heuristics.benign import posts, queries, referrers, titles, urls, user_agents
from rules.heuristics.decode import query_text, url_parts
from rules.heuristics.entries import DECODERS, PatternEntry, PatternField
from rules.heuristics.finder import finder

FLAGS_FROM = 0.5
"""A pattern of a lower weight flags no session alone, so it may match ordinary texts."""
MOST_BY_LEVEL: Mapping[int, float] = {1: 0.001, 2: 0.01, 3: 0.05, 4: 1.0}
"""Share of a field's ordinary texts that one pattern may match, by its level of paranoia."""
BLOCKS_FROM = 0.9
"""A pattern that blocks alone may match no ordinary text at all: it is one that no person produces."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OrdinaryMatches:
    """Ordinary texts that a pattern matches."""

    pattern: str
    share: float
    texts: tuple[str, ...]
    """As they are sent."""
    of: int
    """Number of texts of the corpus."""

    @property
    def shown(self) -> str:
        """Some of the texts, for a message."""
        return ", ".join(repr(text[:80]) for text in self.texts[:_SHOWN])


def ordinary_texts(field: PatternField) -> Sequence[str]:
    """The corpus of a field, as texts are sent."""
    return [text for text, _ in _corpus(field)]


def corpus_hash(field: PatternField) -> str:
    """A hash that changes with the field's corpus."""
    return hashlib.sha256("\0".join(ordinary_texts(field)).encode("utf-8", "replace")).hexdigest()[:12]


def ordinary_matches(entries: Iterable[PatternEntry]) -> list[OrdinaryMatches]:
    """The ordinary texts that each pattern matches; patterns that match none are left out."""
    by_field: dict[PatternField, list[PatternEntry]] = {}
    for entry in entries:
        by_field.setdefault(entry.field, []).append(entry)
    found: list[OrdinaryMatches] = []
    for field, patterns in by_field.items():
        corpus = _corpus(field)
        find = finder([(entry.id, entry.expression) for entry in patterns])
        texts: dict[str, list[str]] = {}
        for text, decoded in corpus:
            for name in find(decoded):
                texts.setdefault(name, []).append(text)
        found += [
            OrdinaryMatches(name, len(hit) / len(corpus), tuple(hit), len(corpus))
            for name, hit in sorted(texts.items())
        ]
    return found


def too_many(entries: Iterable[PatternEntry]) -> list[OrdinaryMatches]:
    """Patterns that flag alone, and match more ordinary texts than their level allows."""
    flagging = {entry.id: entry for entry in entries if entry.weight >= FLAGS_FROM and not entry.shadow}
    return [one for one in ordinary_matches(flagging.values()) if one.share > _most(flagging[one.pattern])]


def excess_matches(entries: Iterable[PatternEntry]) -> dict[str, str]:
    """For each pattern that exceeds its bound, a message with its rate, the bound and some of the texts."""
    given = {entry.id: entry for entry in entries}
    return {
        one.pattern: (
            f"{one.pattern} matches {len(one.texts):,} of {one.of:,} ordinary texts ({one.share:.2%}, where its weight "
            f"and level allow {_most(given[one.pattern]):.1%}), such as {one.shown}."
        )
        for one in too_many(given.values())
    }


def share_met(entries: Iterable[PatternEntry]) -> dict[PatternField, float]:
    """By field, the share of ordinary texts that some pattern that flags alone matches."""
    flagging = [entry for entry in entries if entry.weight >= FLAGS_FROM and not entry.shadow]
    field_of = {entry.id: entry.field for entry in flagging}
    texts: dict[PatternField, set[str]] = {field: set() for field in sorted({entry.field for entry in flagging})}
    for one in ordinary_matches(flagging):
        texts[field_of[one.pattern]].update(one.texts)
    return {field: len(hit) / len(_corpus(field)) for field, hit in texts.items()}


def _most(entry: PatternEntry) -> float:
    return 0.0 if entry.weight >= BLOCKS_FROM and entry.level == 1 else MOST_BY_LEVEL[entry.level]


@cache
def _corpus(field: PatternField) -> Sequence[tuple[str, str]]:
    """Texts of a field, each with its decoded form, as patterns of the field see it."""
    makers: Mapping[PatternField, Callable[[], Iterable[tuple[str, str]]]] = {
        "url": lambda: [*((text, url_parts(text)[0]) for text in urls.texts()), *_searched()],
        "path": lambda: [(text, url_parts(text)[1]) for text in urls.texts()],
        "query": lambda: [*((text, url_parts(text)[2]) for text in urls.texts() if "?" in text), *_searched()],
    }
    plain: Mapping[PatternField, Callable[[], Iterable[str]]] = {
        "user_agent": user_agents.texts,
        "referrer": referrers.texts,
        "title": titles.texts,
        "text": posts.texts,
    }
    if field in makers:
        return tuple(makers[field]())
    return tuple((text, DECODERS[field](text)) for text in plain[field]())


def _searched() -> Iterable[tuple[str, str]]:
    return ((text, query_text(text)) for text in queries.texts())
