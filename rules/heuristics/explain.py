"""Why a text fires: which patterns, on which characters, after which decoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]  # has no types

from rules.heuristics.decode import split_url
from rules.heuristics.disguises import disguises
from rules.heuristics.evidence import Sign
from rules.heuristics.pack import DECODERS, PatternField
from rules.heuristics.patterns import Patterns
from weir.contracts.event import Event


@dataclass(frozen=True, slots=True)
class InspectedText:
    """A text, and the field whose patterns look at it."""

    field: PatternField
    text: str
    form: PatternField
    """The field that decides how the text is decoded: a search is decoded as a query, for patterns of URLs, too."""

    @property
    def decoded(self) -> str:
        """The text that patterns are matched with; invalid Unicode, such as a lone surrogate, is a question mark."""
        return DECODERS[self.form](self.text).encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Firing:
    """One pattern that matches."""

    pattern: str
    version: str
    field: PatternField
    weight: float
    group: str | None
    shadow: bool
    """It is no evidence."""
    reason: str
    steps: tuple[str, ...]
    """Steps of decoding that changed the text, each once, in the order in which they first did."""
    decoded: str
    """The field's text as the pattern saw it."""
    start: int
    end: int
    """The characters of `decoded` that matched."""

    @property
    def matched(self) -> str:
        """What matched."""
        return self.decoded[self.start : self.end]

    @property
    def sign(self) -> Sign:
        """Its evidence for the session."""
        return Sign(self.pattern, self.version, self.weight, self.group, self.reason)


def texts_of(event: Event) -> list[InspectedText]:
    """The strings of an event, each as often as patterns of another field look at it, as `Patterns.match` has it."""
    found: list[InspectedText] = []
    if event.url:
        _, path, query = split_url(event.url)
        found += _as_they_are(url=event.url, path=path, query=query)
    if event.query:
        found += [InspectedText("query", event.query, "query"), InspectedText("url", event.query, "query")]
    others = {"title": event.title, "text": event.text, "referrer": event.referrer, "user_agent": event.user_agent}
    return found + _as_they_are(**others)


def every_field(text: str) -> list[InspectedText]:
    """A bare text in the place of every field: a rule writer does not care which one it came from."""
    return [InspectedText(field, text, field) for field in DECODERS]


def explain(patterns: Patterns, texts: Iterable[InspectedText]) -> Iterator[Firing]:
    """The patterns that match, text by text, each with the characters that did it."""
    for seen in texts:
        decoded = seen.decoded
        for pattern_id in patterns.match_as_sent(seen.field, seen.form, seen.text):
            info = patterns.info(pattern_id)
            found = re2.search(patterns.regex(pattern_id), decoded)
            if found is not None:
                yield Firing(
                    *(pattern_id, info.version, seen.field, info.weight, info.group, info.shadow, info.reason),
                    *(disguises(seen.form, seen.text), decoded, *found.span()),
                )


def _as_they_are(**texts: str | None) -> list[InspectedText]:
    return [InspectedText(field, text, field) for field in DECODERS if (text := texts.get(field))]
