"""All packs together, compiled into one RE2 set per field: what an event's strings match, and the rules on sessions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

from rules.heuristics.conditions import Facts, holds_together
from rules.heuristics.decode import url_parts
from rules.heuristics.entries import DECODERS, PatternEntry, PatternField, SessionRuleEntry
from rules.heuristics.finder import NONE, Find, finder
from rules.heuristics.pack import Pack, read_pack
from rules.heuristics.prose import is_prose, without_prose
from rules.measures import AT_MOST_THE_EVENTS
from rules.problems import Problem, RulesError
from weir.contracts.event import Event

SHIPPED = Path(__file__).parent / "packs"
PackCheck = Callable[[Path, Pack], None]
"""Looks at an operator's own pack, read from the file, and raises an error if it refuses the pack."""
CACHED = 16_384
"""Strings of a field whose matches are remembered: user agents, referrers and URLs come again and again."""
# Clients choose how long a text is: without this bound, a cache could hold 16,384 texts of the greatest length.
LONGEST_CACHED = 1_024
_PARAMETER = re.compile(r"^[\w.-]{1,32}=")
IN_PROSE = ".prose"
"""Behind the id of a pattern that matched code in prose."""
_OF_URLS: frozenset[PatternField] = frozenset({"url", "query"})
_OF_EACH_URL: frozenset[PatternField] = frozenset({"url", "path", "query"})
"""Their sets are few and small: they are compiled for long texts, too, before the first event comes."""
_PROSE_FIELDS: frozenset[PatternField] = frozenset({"query", "title", "text"})
_PAYLOAD = re.compile(r"""['"`<>{}$|\\*=;()]""")
_PAYLOAD_OF_AGENT = re.compile(r"""['"`<>{}$|\\*=]""")
MARKS: Mapping[PatternField, re.Pattern[str]] = dict.fromkeys(DECODERS, _PAYLOAD) | {"user_agent": _PAYLOAD_OF_AGENT}
"""What a text has that a pattern of another field may match: quotes, brackets and operators. Most texts have none, and
are not looked at twice; user agents have round brackets and semicolons anyway."""


@dataclass(frozen=True, slots=True)
class PatternInfo:
    """The parts of a pattern that a flag shows."""

    id: str
    pack: str
    version: str
    category: str
    reason: str
    field: PatternField
    weight: float
    expires_s: float
    """Event time from which on it is no evidence; infinite for most."""
    group: str | None = None
    """Of one group, only the strongest counts."""
    shadow: bool = False
    """It is counted and shown, and is no evidence."""
    level: int = 1


@dataclass(frozen=True, slots=True)
class SessionRule:
    """A rule over a session that is in force."""

    id: str
    pack: str
    version: str
    category: str
    reason: str
    weight: float
    expires_s: float
    group: str | None
    shadow: bool
    level: int
    entry: SessionRuleEntry
    least_events: float
    """Of sessions with fewer events it can't hold: most are asked no more than that."""

    def holds(self, facts: Facts) -> bool:
        """Whether it holds for a session."""
        return holds_together(self.entry.conditions, self.entry.needs, facts)


class Patterns:
    """Compiled packs. Matching never raises, whatever the strings, and takes time linear in their length.

    Without `today`, patterns that expire match for ever, and `PatternInfo.expires_s` is the time from which on they no
    longer count: a session's record must not depend on the day on which its events are folded.
    """

    def __init__(self, packs: Sequence[Pack], today: date | None = None) -> None:
        self._packs = {pack.name: pack for pack in packs}
        self._infos: dict[str, PatternInfo] = {}
        self._rules: dict[str, SessionRule] = {}
        self._regexes: dict[str, str] = {}
        self._oversized: dict[str, tuple[str, ...]] = {}
        """Field to the patterns that hold where it was cut."""
        self._prose: set[str] = set()
        by_field: dict[PatternField, list[tuple[str, str]]] = {field: [] for field in DECODERS}
        elsewhere: dict[PatternField, list[tuple[str, str]]] = {field: [] for field in DECODERS}
        # In the order of names: if two packs share an id, the error must not depend on the order of `pack_files`.
        for pack in sorted(packs, key=lambda pack: pack.name):
            for entry in pack.patterns_in_force:
                if today and entry.is_expired(today):
                    continue
                self._add(pack, entry)
                # Such an entry has no regular expression: the decoder reports which fields it cut.
                if entry.is_oversized:
                    self._oversized[entry.field] = (*self._oversized.get(entry.field, ()), entry.id)
                    continue
                (elsewhere if entry.is_elsewhere else by_field)[entry.field].append((entry.id, entry.expression))
            for rule in pack.rules_in_force:
                if not (today and rule.is_expired(today)):
                    self._add_rule(pack, rule)
        self._finders = {field: _with_marked(patterns, elsewhere[field], field) for field, patterns in by_field.items()}
        self._matchers = {field: _decoding(DECODERS[field], find) for field, find in self._finders.items()}
        self._of_url = lru_cache(CACHED)(self._match_short_url)
        # Addresses of a site's pages are few, whole URLs with their queries many.
        self._of_path = lru_cache(CACHED)(self._finders["path"])
        self._of_query = lru_cache(CACHED)(self._finders["query"])
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

    @property
    def rules(self) -> tuple[SessionRule, ...]:
        """Rules over sessions that are in force, by their ids."""
        return tuple(self._rules[name] for name in sorted(self._rules))

    @cached_property
    def rules_by_events(self) -> tuple[SessionRule, ...]:
        """The same, those first that ask for the fewest events."""
        return tuple(sorted(self.rules, key=lambda rule: (rule.least_events, rule.id)))

    def info(self, pattern_id: str) -> PatternInfo:
        """What is known of a pattern.

        Raises:
            KeyError: no pattern of this id is in force.
        """
        return self._infos[pattern_id]

    def find(self, pattern_id: str) -> PatternInfo | None:
        """The same, or None."""
        return self._infos.get(pattern_id)

    def category(self, pattern_id: str) -> str | None:
        """A pattern's category, or None."""
        found = self._infos.get(pattern_id)
        return found.category if found is not None else None

    def regex(self, pattern_id: str) -> str:
        """A pattern's regular expression, for an explanation; `match` goes by sets.

        Raises:
            KeyError: no pattern of this id is in force.
        """
        return self._regexes[pattern_id]

    def match(self, event: Event, cut: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Ids of the patterns that match one of the event's strings, or one of its `cut` fields, sorted, each once."""
        found = NONE
        if not self._infos:
            return found
        # Patterns see only the text that was kept. Without this, a client could hide a payload behind a field's bound.
        for field in cut:
            found += self.oversized(field)
        url = event.url
        if url:
            found += self._of_url(url) if len(url) <= LONGEST_CACHED else self._spare_prose(self._match_url(url), url)
        if event.user_agent:
            found += self._of_agent(event.user_agent)
        if event.referrer:
            referrer = event.referrer
            of_referrer = self._of_referrer if len(referrer) <= LONGEST_CACHED else self._matchers["referrer"]
            found += of_referrer(referrer)
        if event.query:
            # What was searched for is what a URL would carry: patterns of URLs look at it too.
            searched = DECODERS["query"](event.query)
            of_search = self._finders["query"](searched) + self._finders["url"](searched)
            found += self._weigh_in_prose(of_search, searched)
        if event.title:
            title = DECODERS["title"](event.title)
            found += self._weigh_in_prose(self._finders["title"](title), title)
        if event.text:
            text = DECODERS["text"](event.text)
            found += self._weigh_in_prose(self._finders["text"](text), text)
        return found if len(found) < 2 else tuple(sorted(set(found)))  # noqa: PLR2004 -- nothing to sort

    def oversized(self, field: str) -> tuple[str, ...]:
        """Ids of the patterns that hold where this field was cut to its bound."""
        return self._oversized.get(field, NONE)

    def match_field(self, field: PatternField, text: str) -> tuple[str, ...]:
        """Ids of a field's patterns that match a text."""
        return self._matchers[field](text)

    def match_as_sent(self, field: PatternField, form: PatternField, sent: str) -> tuple[str, ...]:
        """Ids of a field's patterns that match a text which came as one of the field `form`, as `match` has them."""
        found = self._finders[field](DECODERS[form](sent))
        if form in _OF_URLS:
            url = sent if form == "url" else f"?{sent}"
            rest = without_prose(url)
            if rest != url:
                kept = self._finders[field](DECODERS[form](rest if form == "url" else rest[1:]))
                return self._renamed(found, kept)
        if form not in _PROSE_FIELDS:
            return found
        # A parameter's name is no part of what was searched for.
        return self._weigh_in_prose(found, DECODERS[form](_PARAMETER.sub("", sent)))

    def match_decoded(self, whole: str, path: str, query: str) -> tuple[str, ...]:
        """Ids of the patterns that match a URL's decoded parts (`decode.url_parts`), some perhaps twice."""
        found = self._finders["url"](whole) + self._finders["path"](path)
        return found + self._finders["query"](query) if query else found

    def _match_url(self, url: str) -> tuple[str, ...]:
        return self.match_decoded(*url_parts(url))

    def _match_short_url(self, url: str) -> tuple[str, ...]:
        whole, path, query = url_parts(url)
        # The parts are split before they are decoded, as a server does: an encoded `?` begins no query.
        found = self._finders["url"](whole) + self._of_path(path)
        return self._spare_prose(found + self._of_query(query), url) if query else found

    def _weigh_in_prose(self, found: tuple[str, ...], decoded: str) -> tuple[str, ...]:
        """The ids under which patterns count in a decoded text: others if it is prose."""
        # The test for prose reads up to 20,000 characters, so it comes last: most texts match no such pattern.
        if found and not self._prose.isdisjoint(found) and is_prose(decoded):
            return self._named_in_prose(found)
        return found

    def _spare_prose(self, found: tuple[str, ...], url: str) -> tuple[str, ...]:
        """The same for a URL: patterns that match without the prose that was searched for keep their ids."""
        if self._prose.isdisjoint(found):
            return found
        rest = without_prose(url)
        if rest == url:
            return found
        # A pattern that still matches was found in another part of the URL, which is no prose: it keeps its weight.
        return self._renamed(found, self._match_url(rest))

    def _renamed(self, found: tuple[str, ...], kept: tuple[str, ...]) -> tuple[str, ...]:
        names = zip(found, self._named_in_prose(found), strict=True)
        return tuple(one if one in kept else name for one, name in names)

    def _named_in_prose(self, found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{one}{IN_PROSE}" if one in self._prose else one for one in found)

    def _add(self, pack: Pack, entry: PatternEntry) -> None:
        self._refuse_twice(pack, entry)
        self._regexes[entry.id] = entry.expression
        self._infos[entry.id] = PatternInfo(
            id=entry.id,
            pack=pack.name,
            version=pack.version,
            category=entry.category,
            reason=entry.reason,
            field=entry.field,
            weight=entry.weight,
            expires_s=_begin_s(entry.expires) if entry.expires else math.inf,
            group=entry.group,
            shadow=entry.shadow,
            level=entry.level,
        )
        if entry.in_prose is not None:
            name = entry.id + IN_PROSE
            self._prose.add(entry.id)
            self._regexes[name] = entry.expression
            group = entry.group or re.sub(r"[^a-z]+", "-", entry.id)[:64].strip("-")
            self._infos[name] = replace(self._infos[entry.id], id=name, weight=entry.in_prose, group=group)

    def _add_rule(self, pack: Pack, entry: SessionRuleEntry) -> None:
        self._refuse_twice(pack, entry)
        self._rules[entry.id] = SessionRule(
            id=entry.id,
            pack=pack.name,
            version=pack.version,
            category=entry.category,
            reason=entry.reason,
            weight=entry.weight,
            expires_s=_begin_s(entry.expires) if entry.expires else math.inf,
            group=entry.group,
            shadow=entry.shadow,
            level=entry.level,
            entry=entry,
            least_events=_least_events(entry),
        )

    def _refuse_twice(self, pack: Pack, entry: PatternEntry | SessionRuleEntry) -> None:
        # Flags and session records name patterns and rules by their ids alone, without the pack.
        known = self._infos.get(entry.id) or self._rules.get(entry.id)
        if known is not None:
            raise RulesError([Problem(pack.name, 0, f"{entry.id} is in the pack {known.pack} too.", "Rename one.")])


def load_packs(
    files: Iterable[Path] = (), today: date | None = None, level: int = 1, check_own: PackCheck | None = None
) -> Patterns:
    """The shipped packs and those of `files`; a pack of the same name takes the shipped one's place.

    Args:
        files: The operator's own packs.
        today: Decides what has expired; nothing has, unless given.
        level: The level of packs that don't name their own.
        check_own: Called with each of `files` and its pack; raises what it refuses the pack with.

    Raises:
        RulesError: a file can't be read, its pack fails its own examples, or `check_own` refuses it.
    """
    shipped = [_shipped(file, file.stat().st_mtime_ns, level) for file in sorted(SHIPPED.glob("*.yaml"))]
    packs = {pack.name: pack for pack in shipped}
    for file in files:
        # Only these are checked: it takes up to half a second for a hundred patterns, and tests check the shipped
        # packs.
        pack = read_pack(file, level)
        if check_own is not None:
            check_own(file, pack)
        packs[pack.name] = pack
    return Patterns(list(packs.values()), today)


# The time of the last change is part of the key, so that an edited pack is read again.
@lru_cache(64)
def _shipped(file: Path, _changed_ns: int, level: int) -> Pack:
    """A shipped pack, read once a process: trying its examples takes half of the time that it takes to load it."""
    return read_pack(file, level)


def _begin_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _least_events(entry: SessionRuleEntry) -> float:
    """A lower bound on the events of sessions that the rule may hold for."""
    # Such a rule may hold without its conditions on numbers of events.
    if entry.needs is not None and entry.needs < len(entry.conditions):
        return 0.0
    return max(
        (
            one.at_least or 0.0
            for one in entry.conditions
            if one.measure in AT_MOST_THE_EVENTS or one.pattern is not None
        ),
        default=0.0,
    )


def _with_marked(patterns: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]], field: PatternField) -> Find:
    """Finds a field's patterns, and those of other fields where the text has a mark of what they look for."""
    is_prepared = field in _OF_EACH_URL
    find = finder(patterns, is_prepared=is_prepared)
    if not others:
        return find
    find_elsewhere, marks = finder(others, is_prepared=is_prepared), MARKS[field]

    def both(text: str) -> tuple[str, ...]:
        found = find(text)
        # Most texts have no mark: this halves the cost of an event, and a payload contains one (docs/design.md).
        if marks.search(text) is None:
            return found
        other = find_elsewhere(text)
        return tuple(sorted((*found, *other))) if other else found

    return both


def _decoding(decoder: Callable[[str], str], find: Find) -> Find:
    return lambda text: find(decoder(text))
