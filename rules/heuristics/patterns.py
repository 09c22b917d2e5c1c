"""All packs together, compiled into one RE2 set per field: what an event's strings match."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from rules.heuristics.decode import url_parts
from rules.heuristics.finder import NONE, Find, finder
from rules.heuristics.pack import DECODERS, Pack, PatternEntry, PatternField, read_pack
from rules.problems import Problem, RulesError
from weir.contracts.event import Event

SHIPPED = Path(__file__).parent / "packs"
CACHED = 16_384
"""Strings of a field whose matches are remembered: user agents, referrers and URLs come again and again."""
LONGEST_CACHED = 1_024


@dataclass(frozen=True, slots=True)
class PatternInfo:
    """What a flag tells of a pattern."""

    id: str
    pack: str
    version: str
    category: str
    reason: str
    field: PatternField
    weight: float
    expires_s: float
    """Event time from which on it is no evidence; infinite for most."""


class Patterns:
    """Compiled packs. Matching never raises, whatever the strings, and takes time linear in their length.

    Without `today`, patterns that expire match for ever, and `PatternInfo.expires_s` says when to pass over them: what
    a session's record says must not depend on the day on which its events are folded.
    """

    def __init__(self, packs: Sequence[Pack], today: date | None = None) -> None:
        self._packs = {pack.name: pack for pack in packs}
        self._infos: dict[str, PatternInfo] = {}
        self._regexes: dict[str, str] = {}
        by_field: dict[PatternField, list[tuple[str, str]]] = {field: [] for field in DECODERS}
        for pack in sorted(packs, key=lambda pack: pack.name):
            for entry in pack.patterns:
                if not entry.enabled or (today and entry.expires and entry.expires <= today):
                    continue
                self._add(pack, entry)
                by_field[entry.field].append((entry.id, entry.regex))
        self._finders = {field: finder(patterns) for field, patterns in by_field.items()}
        self._matchers = {field: _decoding(DECODERS[field], find) for field, find in self._finders.items()}
        self._of_url = lru_cache(CACHED)(self._match_url)
        self._of_agent = lru_cache(CACHED)(self._matchers["user_agent"])
        self._of_referrer = lru_cache(CACHED)(self._matchers["referrer"])

    @property
    def versions(self) -> Mapping[str, str]:
        """Pack to version."""
        return MappingProxyType({name: pack.version for name, pack in sorted(self._packs.items())})

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs that these are."""
        return tuple(self._packs.values())

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all patterns in force, sorted."""
        return tuple(sorted(self._infos))

    def info(self, pattern_id: str) -> PatternInfo:
        """What is known of a pattern.

        Raises:
            KeyError: no pattern of this id is in force.
        """
        return self._infos[pattern_id]

    def find(self, pattern_id: str) -> PatternInfo | None:
        """The same, or None."""
        return self._infos.get(pattern_id)

    def regex(self, pattern_id: str) -> str:
        """A pattern's regular expression, for an explanation; `match` goes by sets.

        Raises:
            KeyError: no pattern of this id is in force.
        """
        return self._regexes[pattern_id]

    def match(self, event: Event) -> tuple[str, ...]:
        """Ids of the patterns that match one of the event's strings, sorted, each once."""
        found = NONE
        if event.url:
            found += self._of_url(event.url) if len(event.url) <= LONGEST_CACHED else self._match_url(event.url)
        if event.user_agent:
            found += self._of_agent(event.user_agent)
        if event.referrer:
            referrer = event.referrer
            of_referrer = self._of_referrer if len(referrer) <= LONGEST_CACHED else self._matchers["referrer"]
            found += of_referrer(referrer)
        if event.query:
            found += self._matchers["query"](event.query)
        if event.title:
            found += self._matchers["title"](event.title)
        if event.text:
            found += self._matchers["text"](event.text)
        return found if len(found) < 2 else tuple(sorted(set(found)))  # noqa: PLR2004 -- nothing to sort

    def match_field(self, field: PatternField, text: str) -> tuple[str, ...]:
        """Ids of a field's patterns that match a text."""
        return self._matchers[field](text)

    def _match_url(self, url: str) -> tuple[str, ...]:
        whole, path, query = url_parts(url)
        found = self._finders["url"](whole) + self._finders["path"](path)
        return found + self._finders["query"](query) if query else found

    def _add(self, pack: Pack, entry: PatternEntry) -> None:
        if entry.id in self._infos:
            other = self._infos[entry.id].pack
            raise RulesError([Problem(pack.name, 0, f"{entry.id} stands in the pack {other} too.", "Rename one.")])
        self._regexes[entry.id] = entry.regex
        self._infos[entry.id] = PatternInfo(
            id=entry.id,
            pack=pack.name,
            version=pack.version,
            category=entry.category,
            reason=entry.reason,
            field=entry.field,
            weight=entry.weight,
            expires_s=_begin_s(entry.expires) if entry.expires else math.inf,
        )


def load_packs(files: Iterable[Path] = (), today: date | None = None) -> Patterns:
    """The shipped packs and those of `files`; a pack of the same name takes the shipped one's place.

    Raises:
        RulesError: a file can't be read, or its pack fails its own examples.
    """
    packs = {pack.name: pack for pack in map(read_pack, sorted(SHIPPED.glob("*.yaml")))}
    for file in files:
        pack = read_pack(file)
        packs[pack.name] = pack
    return Patterns(list(packs.values()), today)


def _begin_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _decoding(decoder: Callable[[str], str], find: Find) -> Find:
    return lambda text: find(decoder(text))
