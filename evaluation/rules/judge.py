"""What patterns say of single strings, as the heuristics stage would of a session that has nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.patterns import Patterns
from weir.contracts import Event
from weir.contracts.flag import Verdict


@dataclass(frozen=True, slots=True)
class PatternVerdict:
    """Which patterns count, and what follows."""

    ids: tuple[str, ...]
    """Of those that are evidence."""
    evidence: float
    verdict: Verdict
    category: str
    """That of the strongest; empty if there is none."""

    @property
    def is_flagged(self) -> bool:
        """Whether it is anything but allowed."""
        return self.verdict != "allow"


def says(patterns: Patterns, *, leave_out: Collection[str] = (), **fields: Any) -> PatternVerdict:  # noqa: ANN401 -- an event's
    """What they say of an event that has these fields; `leave_out` are ids that count for nothing."""
    event = Event(event_id="e", visitor_id="v", type="page_view", ts=0.0, **fields)
    return of_ids(patterns, (one for one in patterns.match(event) if one not in leave_out))


def of_ids(patterns: Patterns, ids: Iterable[str]) -> PatternVerdict:
    """What follows from patterns that matched."""
    infos = [info for info in map(patterns.info, ids) if info.weight and not info.shadow]
    value = grouped_evidence(Sign(info.id, info.version, info.weight, info.group, info.reason) for info in infos)
    strongest = max(infos, key=lambda info: (info.weight, info.id), default=None)
    category = strongest.category if strongest is not None else ""
    return PatternVerdict(tuple(info.id for info in infos), value, verdict_of(value), category)
