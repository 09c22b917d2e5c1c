"""Sessions that get no labels and that no model learns, on which a model's quality is measured at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.models.sessions import START_S, final_sessions
from evaluation.models.site import newcomers_events
from models.features import features
from models.gate.quality import recall_at
from models.serving.champion import Scorer
from streams.demo.traffic import traffic_events

HOURS = 2.0
RATE = 4.0
NEWCOMERS_PER_HOUR = 120.0


@dataclass(frozen=True, slots=True)
class Probes:
    """Features and true labels of sessions."""

    features: list[dict[str, float | str]]
    bad: list[bool]

    def recall(self, scorer: Scorer, rate: float) -> float:
        """Recall of a model on them, at a rate of false positives."""
        return recall_at([scorer.score(found) for found in self.features], self.bad, rate)


def probes(newcomer: str | None, seed: int) -> Probes:
    """Shoppers of the demo with newcomers of one kind, or with the demo's own abuse, from a seed that no scene has."""
    end_s = HOURS * 3_600.0
    whose: dict[str, bool] = {}
    events: list[dict[str, Any]] = []
    for found in traffic_events(seed, RATE, START_S):
        if found.at_s >= end_s:
            break
        is_bad = found.visitor.kind.is_bad
        if newcomer is None or not is_bad:
            whose[found.visitor.visitor_id] = is_bad
            events.append(found.event)
    for _, event, visitor in newcomers_events(newcomer, seed, NEWCOMERS_PER_HOUR, 0.0, end_s):
        whose[visitor.visitor_id] = True
        events.append(event)
    sessions = list(final_sessions(sorted(events, key=lambda event: event["ts"])))
    return Probes([features(session) for session in sessions], [whose[session.visitor_id] for session in sessions])
