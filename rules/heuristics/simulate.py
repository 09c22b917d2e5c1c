"""What other packs would have said of yesterday's events, against today's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.heuristics.evidence import evidence, verdict_of
from rules.heuristics.patterns import Patterns
from weir.contracts.event import Event
from weir.contracts.flag import Verdict

SAMPLES = 3
"""Events kept of each visitor, to show."""


@dataclass(slots=True)
class Change:
    """A visitor whose verdict differs."""

    visitor_id: str
    before: Verdict
    after: Verdict
    patterns: tuple[str, ...]
    """Ids that match under one of the two alone."""
    samples: tuple[str, ...]
    """Strings of the visitor's that matched one of them."""


@dataclass(slots=True)
class _Seen:
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    samples: list[str] = field(default_factory=list)


class Simulation:
    """Takes events, and says whose verdict would have changed. Evidence is that of all events of a visitor."""

    def __init__(self, today: Patterns, proposed: Patterns) -> None:
        self._today = today
        self._proposed = proposed
        self._visitors: dict[str, _Seen] = {}
        self.events = 0

    def take(self, event: Event) -> None:
        """One event."""
        self.events += 1
        before, after = set(self._today.match(event)), set(self._proposed.match(event))
        if not before and not after:
            return
        seen = self._visitors.setdefault(event.visitor_id, _Seen())
        if before ^ after and len(seen.samples) < SAMPLES:
            seen.samples.append(event.text or event.title or event.query or event.url or event.user_agent or "")
        seen.before |= before
        seen.after |= after

    def changes(self) -> Iterable[Change]:
        """Visitors whose verdict differs, in the order of their names."""
        for visitor, seen in sorted(self._visitors.items()):
            before, after = self._verdict(self._today, seen.before), self._verdict(self._proposed, seen.after)
            if before != after:
                yield Change(visitor, before, after, tuple(sorted(seen.before ^ seen.after)), tuple(seen.samples))

    @staticmethod
    def _verdict(patterns: Patterns, ids: set[str]) -> Verdict:
        return verdict_of(evidence(patterns.info(pattern_id).weight for pattern_id in sorted(ids)))
