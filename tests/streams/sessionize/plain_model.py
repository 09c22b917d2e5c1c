"""The rules of time once more, slowly: lists of events, everything looked at for every event. Shares no code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.sessionize.config import FoldConfig

Happened = tuple[str, str, float]
"""Event id, visitor, time: `PlainModel` knows no other content."""


@dataclass
class PlainSession:
    """A session as its events."""

    visitor: str
    opened_by: str
    events: list[tuple[str, float]] = field(default_factory=list)
    merged: bool = False
    split: bool = False

    @property
    def start(self) -> float:
        return min(ts for _, ts in self.events)

    @property
    def end(self) -> float:
        return max(ts for _, ts in self.events)


class PlainModel:
    """Folds (event id, visitor, time) one by one."""

    def __init__(self, config: FoldConfig) -> None:
        self.config = config
        self.watermark = -1.0
        self.open: list[PlainSession] = []
        self.closed: list[PlainSession] = []
        self.seen: dict[str, list[tuple[str, PlainSession]]] = {}
        self.outcomes: Counter[str] = Counter()

    def take(self, event_id: str, visitor: str, ts: float) -> None:
        gap, limit = self.config.gap_s, self.watermark - self.config.gap_s - self.config.grace_s
        if any(name == event_id for name, _ in self.seen.get(visitor, ())):
            self.outcomes["duplicate"] += 1
            return
        near = [one for one in self.mine(visitor) if ts - one.end <= gap and one.start - ts <= gap]
        if max([ts, *(one.end for one in near)]) < limit:
            self.outcomes["late"] += 1
            return
        self.raise_to(ts)
        self.outcomes["folded"] += 1
        target = self.target(event_id, visitor, ts)
        target.events.append((event_id, ts))
        prints = self.seen.setdefault(visitor, [])
        prints.append((event_id, target))
        del prints[: -self.config.max_fingerprints]

    def mine(self, visitor: str) -> list[PlainSession]:
        return [one for one in self.open if one.visitor == visitor]

    def raise_to(self, ts: float) -> None:
        self.watermark = max(self.watermark, ts)
        limit = self.watermark - self.config.gap_s - self.config.grace_s
        for one in sorted((one for one in self.open if one.end < limit), key=lambda one: (one.end, one.visitor)):
            self.open.remove(one)
            self.closed.append(one)
            self.seen[one.visitor] = [entry for entry in self.seen[one.visitor] if entry[1] is not one]

    def target(self, event_id: str, visitor: str, ts: float) -> PlainSession:
        gap = self.config.gap_s
        near = [one for one in self.mine(visitor) if ts - one.end <= gap and one.start - ts <= gap]
        if near and self.fits(near, ts):
            for other in near[1:]:
                near[0].events += other.events
                self.hand_over(other, near[0])
                other.merged = True
                self.open.remove(other)
            return near[0]
        for one in near:
            if self.fits([one], ts):
                return one
        new = PlainSession(visitor, event_id)
        self.open.append(new)
        if near:
            near[0].split = True
            self.open.remove(near[0])
            self.closed.append(near[0])
            self.hand_over(near[0], new)
        return new

    def fits(self, several: Sequence[PlainSession], ts: float) -> bool:
        times = [ts, *(ts for one in several for _, ts in one.events)]
        return len(times) <= self.config.max_session_events and max(times) - min(times) <= self.config.max_session_s

    def hand_over(self, old: PlainSession, new: PlainSession) -> None:
        entries = self.seen.get(old.visitor, [])
        self.seen[old.visitor] = [(name, new if one is old else one) for name, one in entries]

    def finals(self) -> list[dict[str, Any]]:
        """What the finals that are no merges must say, in the order of closing."""
        return [
            {
                "visitor_id": one.visitor,
                "events": len(one.events),
                "start": one.start,
                "end": one.end,
                "split": one.split,
            }
            for one in self.closed
        ]
