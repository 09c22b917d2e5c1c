"""The verdict of patterns on single strings, as of the heuristics stage on a session with only that string."""

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
    """The matching patterns with their evidence and verdict."""

    ids: tuple[str, ...]
    """Ids of the matching patterns that are evidence."""
    evidence: float
    verdict: Verdict
    category: str
    """Category of the strongest pattern; empty without patterns."""

    @property
    def is_flagged(self) -> bool:
        """Whether the verdict is not `allow`."""
        return self.verdict != "allow"


def pattern_verdict(patterns: Patterns, *, leave_out: Collection[str] = (), **fields: Any) -> PatternVerdict:  # noqa: ANN401 -- an event's
    """The verdict on an event with these fields, without the patterns whose ids are in `leave_out`."""
    event = Event(event_id="e", visitor_id="v", type="page_view", ts=0.0, **fields)
    return verdict_of_ids(patterns, (one for one in patterns.match(event) if one not in leave_out))


def verdict_of_ids(patterns: Patterns, ids: Iterable[str]) -> PatternVerdict:
    """The verdict of matching patterns."""
    infos = [info for info in map(patterns.info, ids) if info.weight and not info.shadow]
    value = grouped_evidence(Sign(info.id, info.version, info.weight, info.group, info.reason) for info in infos)
    strongest = max(infos, key=lambda info: (info.weight, info.id), default=None)
    category = strongest.category if strongest is not None else ""
    return PatternVerdict(tuple(info.id for info in infos), value, verdict_of(value), category)
