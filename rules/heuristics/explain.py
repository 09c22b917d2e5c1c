"""Why a text fires: which patterns, on which characters, after which decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]  # has no types

from rules.heuristics.decode import split_url
from rules.heuristics.pack import DECODERS, PatternField
from rules.heuristics.patterns import Patterns
from weir.contracts.event import Event


@dataclass(frozen=True, slots=True)
class Firing:
    """One pattern that matches."""

    pattern: str
    version: str
    field: PatternField
    weight: float
    reason: str
    decoded: str
    """The field's text as the pattern saw it."""
    start: int
    end: int
    """The characters of `decoded` that matched."""

    @property
    def matched(self) -> str:
        """What matched."""
        return self.decoded[self.start : self.end]


def fields_of(event: Event) -> dict[PatternField, str]:
    """The strings of an event that patterns look at, by field."""
    found: dict[PatternField, str] = {}
    if event.url:
        found["url"] = event.url
        _, found["path"], query = split_url(event.url)
        if query:
            found["query"] = query
    for name in ("query", "title", "text", "referrer", "user_agent"):
        text = getattr(event, name)
        if text:
            found[name] = f"{found[name]} {text}" if name in found else text
    return found


def every_field(text: str) -> dict[PatternField, str]:
    """A bare text in the place of every field: a rule writer does not care which one it came from."""
    return dict.fromkeys(DECODERS, text)


def explain(patterns: Patterns, texts: Mapping[PatternField, str]) -> Iterator[Firing]:
    """The patterns that match, field by field, each with the characters that did it."""
    for field, text in texts.items():
        decoded = DECODERS[field](text)
        for pattern_id in patterns.match_field(field, text):
            info = patterns.info(pattern_id)
            found = re2.search(patterns.regex(pattern_id), decoded)
            if found is not None:
                start, end = found.span()
                yield Firing(pattern_id, info.version, field, info.weight, info.reason, decoded, start, end)
