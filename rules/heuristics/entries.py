"""Entries of a pack's YAML: patterns over strings, and rules over measures of a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.document import Strict, as_tuple
from rules.entry import EntryHeader
from rules.heuristics import decode
from rules.heuristics.conditions import Condition, SessionExample
from rules.heuristics.search_pages import referrer_text
from rules.heuristics.signs import with_signs

PatternField = Literal["url", "path", "query", "text", "title", "referrer", "user_agent"]
DECODERS: Mapping[PatternField, Callable[[str], str]] = {
    "url": decode.whole_url,
    "path": decode.url_text,
    "query": decode.query_text,
    "text": with_signs,
    "title": with_signs,
    "referrer": referrer_text,
    "user_agent": decode.as_sent,
}
"""How a field's text is decoded before patterns see it; examples in packs are decoded alike."""
LONGEST_REGEX = 4_000
MOST_DOMAINS = 50_000
Level = Annotated[int, Field(ge=1, le=4)]
"""Paranoia level: 1 is for every site, 2 and 3 find more with more false positives, 4 is for closed services."""
Examples = Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]
SessionExamples = Annotated[tuple[SessionExample, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Domain = Annotated[str, Field(pattern=r"^[^\s./:@?#]+(\.[^\s./:@?#]+)+$", max_length=253)]
_NEVER = r"[^\x00-\x{10FFFF}]"
"""Matches no text: the regular expression of entries that look at no text."""
_HOST_BEGINS = r"^([a-z][a-z0-9+.-]*:)?(//)?([^/?#]*[.@])?("
_HOST_ENDS = r")\.?([:/?#]|$)"


class Entry(EntryHeader):
    """What patterns and rules have in common."""

    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]
    """Kind of abuse that it indicates."""
    weight: Annotated[float, Field(ge=0, le=1)]
    """Evidence for abuse when it holds: 0.5 alone is a review, 0.7 a throttle, 0.9 a block. 0 is no evidence: a sign
    that rules may ask for."""
    group: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")] | None = None
    """Of the entries of one group, in all packs, only the strongest counts: they have the same cause."""
    level: Level = 1
    """Level of paranoia: the entry is in force if the pack's level is no lower."""
    shadow: bool = False
    """Its matches are counted and shown, but are no evidence."""
    owner: str | None = None


class PatternEntry(Entry):
    """One pattern of a pack."""

    field: PatternField
    regex: Annotated[str, Field(min_length=1, max_length=LONGEST_REGEX)] | None = None
    """RE2 syntax, on the decoded field (in lower case, but for user agents)."""
    domains: Annotated[tuple[Domain, ...], BeforeValidator(as_tuple), Field(max_length=MOST_DOMAINS)] = ()
    """Instead: domains, which it matches with all of their subdomains, as host of a URL or referrer."""
    domains_file: str | None = None
    """The same from a file beside the pack, one a line."""
    also: dict[PatternField, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Further fields that it looks at, each with the weight that it has there. What it finds there has the pattern's id
    with the field behind it, and its group: it is the same thing, found elsewhere."""
    in_prose: Annotated[float, Field(ge=0, le=1)] | None = None
    """Its weight where a search text, title or post is prose around code (`prose.is_prose`), as in a question about a
    command. There it has the pattern's id with `.prose` behind it."""
    match: Examples
    no_match: Examples

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is a pattern of another field, as it looks at this one."""
        return self.id.endswith(f".{self.field}")

    @property
    def is_oversized(self) -> bool:
        """Whether it holds of fields that were cut, and looks at no text."""
        return self.regex == _NEVER

    @property
    def elsewhere(self) -> Iterator[PatternEntry]:
        """The pattern as it looks at further fields; its examples are of its own."""
        group = self.group or re.sub(r"[^a-z]+", "-", self.id)[:64].strip("-")
        for field, weight in self.also.items():
            # User agents keep their case.
            expression = f"(?i:{self.expression})" if field == "user_agent" else self.expression
            changed = {"id": f"{self.id}.{field}", "field": field, "weight": weight, "group": group, "in_prose": None}
            own = {name: value for name, value in self if name not in {"also", "domains", "domains_file"}}
            yield PatternEntry.model_construct(
                **(own | changed | {"regex": expression, "match": (), "no_match": (), "also": {}})
            )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.regex is None) == (not self.domains and self.domains_file is None):
            raise ValueError("a pattern has either regex or domains (or domains_file)")
        if self.regex is None and self.field not in {"url", "referrer"}:
            raise ValueError("domains are of the field referrer or url")
        if self.field in self.also:
            raise ValueError(f"{self.field} is its own field, not a further one")
        return self

    @cached_property
    def expression(self) -> str:
        """The regular expression that is compiled."""
        if self.regex is not None:
            return self.regex
        names = sorted({decode.whole_url(name) for name in self.domains})
        return _HOST_BEGINS + "|".join(map(re.escape, names)) + _HOST_ENDS


class OversizedEntry(Entry):
    """Holds of an event whose field was longer than the contract's bound, and was cut to it."""

    field: Literal["url", "referrer", "user_agent", "query", "title", "text"]

    @property
    def pattern(self) -> PatternEntry:
        """The pattern that it is to all that asks for patterns."""
        return PatternEntry.model_construct(
            **dict(self), regex=_NEVER, domains=(), domains_file=None, match=(), no_match=(), also={}
        )


class SessionRuleEntry(Entry):
    """A rule over what a session has done so far, and over what has matched in it."""

    conditions: Annotated[tuple[Condition, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=20)]
    needs: Annotated[int, Field(ge=1)] | None = None
    """How many of the conditions must hold; all unless given."""
    match: SessionExamples
    no_match: SessionExamples

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.needs is not None and self.needs > len(self.conditions):
            raise ValueError(f"it needs {self.needs} of {len(self.conditions)} conditions")
        return self


class KnownCrawlers(Strict):
    """Crawlers as one version of the package knew them."""

    version: str
    patterns: dict[str, str]
    """Regular expression to category."""


class PackFile(Strict):
    """A file of patterns and rules that are changed and versioned together."""

    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    owner: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    level: Level | None = None
    """Entries of a higher level are not in force; the setting `paranoia_level` unless given."""
    crawlers: bool = False
    """Also take the patterns of the package crawler-user-agents."""
    known_crawlers: KnownCrawlers | None = None
    """The patterns of the package. Not to be written by hand: a published pack contains them, so that workers with
    another version of the package have the same."""
    patterns: Annotated[tuple[PatternEntry, ...], BeforeValidator(as_tuple)] = ()
    oversized: Annotated[tuple[OversizedEntry, ...], BeforeValidator(as_tuple)] = ()
    rules: Annotated[tuple[SessionRuleEntry, ...], BeforeValidator(as_tuple)] = ()
