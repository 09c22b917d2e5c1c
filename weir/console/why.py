"""The reasons for a session's verdict: matched characters, features that changed its score, the repeated decision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.features import features
from models.features.registry import FEATURES
from models.serving.champion import Scorer
from rules.heuristics.explain import InspectedText, explain, texts_of
from rules.heuristics.patterns import Patterns
from weir.contracts import Event, Session
from weir.contracts.session import TextSeen

AROUND = 120
"""Characters that are shown on either side of a match."""
MOST_MATCHES = 30
MOST_PUSHES = 8
_SURELY = 1e-6


@dataclass(frozen=True, slots=True)
class ExplainedMatch:
    """A match of a pattern in a decoded text, with the text before and after the match."""

    rule: str
    version: str
    field: str
    weight: float
    shadow: bool
    reason: str
    sent: str
    """The text as it was sent."""
    steps: tuple[str, ...]
    before: str
    matched: str
    after: str


@dataclass(frozen=True, slots=True)
class Push:
    """A feature's contribution to a score: the score's log-odds less those without the feature."""

    feature: str
    meaning: str
    value: float | str
    by: float


def matches(patterns: Patterns, texts: Iterable[InspectedText]) -> list[ExplainedMatch]:
    """The matches in some texts, each pattern and place once, those with the greatest weight first."""
    found: dict[tuple[str, str, str], ExplainedMatch] = {}
    for seen in texts:
        for firing in explain(patterns, [seen]):
            start = max(0, firing.start - AROUND)
            match = ExplainedMatch(
                *(firing.pattern, firing.version, firing.field, firing.weight, firing.shadow, firing.reason),
                sent=seen.text[:2_000],
                steps=firing.steps,
                before=("…" if start else "") + firing.decoded[start : firing.start],
                matched=firing.matched[:2_000],
                after=firing.decoded[firing.end : firing.end + AROUND]
                + ("…" if firing.end + AROUND < len(firing.decoded) else ""),
            )
            found.setdefault((match.rule, match.before, match.matched), match)
    return sorted(found.values(), key=lambda one: (one.shadow, -one.weight))[:MOST_MATCHES]


def texts_of_session(session: Session) -> list[InspectedText]:
    """The texts of the visitor that the session's record has."""
    # Not validated again: events are bounded at the input, and a record with an odd value must still be shown.
    event = Event.model_construct(
        event_id="-",
        visitor_id=session.visitor_id,
        type="page_view",
        ts=session.end,
        url=session.entry_url,
        referrer=session.referrer,
        user_agent=session.user_agent,
    )
    found = texts_of(event)
    if session.exit_url and session.exit_url != session.entry_url:
        found += texts_of(event.model_copy(update={"url": session.exit_url, "referrer": None, "user_agent": None}))
    return found + [seen for text in session.texts for seen in _of_text(text)]


def pushes(scorer: Scorer, session: Session, at_most: int = MOST_PUSHES) -> list[Push]:
    """The features that push a session's score most, by the score without each of them (occlusion).

    See Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014, for occlusion.
    """
    found = features(session)
    whole = _log_odds(scorer.score(found))
    meanings = {feature.name: feature.meaning for feature in FEATURES}
    each = [
        Push(name, meanings.get(name, ""), value, whole - _log_odds(scorer.score(_without(found, name))))
        for name, value in found.items()
    ]
    pushing = [one for one in each if abs(one.by) >= 0.01]  # noqa: PLR2004 -- too little to be seen in a bar
    return sorted(pushing, key=lambda one: -abs(one.by))[:at_most]


def _of_text(text: TextSeen) -> Sequence[InspectedText]:
    if text.field == "query":
        return (InspectedText("query", text.text, "query"), InspectedText("url", text.text, "query"))
    return (InspectedText(text.field, text.text, text.field),) if text.field in {"title", "text"} else ()  # type: ignore[arg-type]  # one of these


def _without(found: dict[str, float | str], name: str) -> dict[str, float | str]:
    return {one: value for one, value in found.items() if one != name}


def _log_odds(score: float) -> float:
    bounded = min(1.0 - _SURELY, max(_SURELY, score))
    return math.log(bounded / (1.0 - bounded))
