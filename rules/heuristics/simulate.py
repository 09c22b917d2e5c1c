"""Compares the verdicts of other packs with those of the packs in force, on past sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import PatternInfo, Patterns
from weir.contracts.event import Event
from weir.contracts.flag import Verdict
from weir.contracts.session import Session

Kind = Literal["newly flagged", "no longer flagged", "other verdict"]
SAMPLES = 3
"""Strings kept of each visitor, to show."""
MOST_SAMPLED = 50_000
"""Visitors whose strings are kept."""
_SIDES = ("today", "proposed")
_MARKS = ("0/", "1/")


class Both:
    """Today's packs and other ones at once: what a session is folded by, so that it has to be folded only once.

    Ids of patterns bear a mark of their side; `Simulation` takes them apart again.
    """

    def __init__(self, today: Patterns, proposed: Patterns) -> None:
        self.sides = (today, proposed)
        self.versions: Mapping[str, str] = {
            f"{name} {pack}": version
            for name, patterns in zip(_SIDES, self.sides, strict=True)
            for pack, version in patterns.versions.items()
        }
        self._samples: dict[str, list[str]] = {}

    def match(self, event: Event, cut: tuple[str, ...] = (), /) -> tuple[str, ...]:
        """Marked ids of the patterns that match; notes a string of the event if the sides differ on it."""
        today, proposed = (patterns.match(event, cut) for patterns in self.sides)
        if today != proposed:
            self._keep(event)
        return tuple(mark + name for mark, found in zip(_MARKS, (today, proposed), strict=True) for name in found)

    def info(self, pattern: str, /) -> PatternInfo:
        """What the pattern's side knows of it."""
        return self.sides[_MARKS.index(pattern[:2])].info(pattern[2:])

    def samples(self, visitor: str) -> tuple[str, ...]:
        """Strings of the visitor's on which the sides differ."""
        return tuple(self._samples.get(visitor, ()))

    def _keep(self, event: Event) -> None:
        kept = self._samples.get(event.visitor_id)
        if kept is None:
            if len(self._samples) >= MOST_SAMPLED:
                return
            kept = self._samples[event.visitor_id] = []
        sample = event.text or event.title or event.query or event.url or event.user_agent or ""
        if len(kept) < SAMPLES and sample not in kept:
            kept.append(sample)


@dataclass(frozen=True, slots=True)
class HeuristicVerdictChange:
    """A session whose verdict differs."""

    session_id: str
    visitor_id: str
    before: Verdict
    after: Verdict
    rules: tuple[str, ...]
    """Ids of patterns and rules that hold under one of the two alone."""
    samples: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """What becomes of it."""
        if self.before == "allow":
            return "newly flagged"
        return "no longer flagged" if self.after == "allow" else "other verdict"


@dataclass(slots=True)
class Simulation:
    """Takes closed sessions that were folded by `Both`, and reports those whose verdict would differ."""

    both: Both
    sessions: int = 0
    changes: list[HeuristicVerdictChange] = field(default_factory=list)
    by_rule: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    """How many sessions changed so, with this rule among those that differ."""
    shadowed: Counter[str] = field(default_factory=Counter)
    """Rules that the proposed packs have in shadow: sessions for which they hold."""

    def take(self, session: Session) -> None:
        """A closed session."""
        self.sessions += 1
        today, proposed = (
            collect_evidence(_of_side(session, mark), side) for mark, side in zip(_MARKS, self.both.sides, strict=True)
        )
        self.shadowed.update(sign.id for sign in proposed.shadow)
        if today.verdict == proposed.verdict:
            return
        differing = sorted(_named(today) ^ _named(proposed))
        samples = self.both.samples(session.visitor_id)
        change = HeuristicVerdictChange(
            session.session_id, session.visitor_id, today.verdict, proposed.verdict, tuple(differing), samples
        )
        self.changes.append(change)
        self.by_rule.update((rule, change.kind) for rule in differing)


class _Side:
    """A session with the patterns of one side alone."""

    __slots__ = ("_session", "heuristics")

    def __init__(self, session: Session, mark: str) -> None:
        self._session = session
        self.heuristics = {name[2:]: hits for name, hits in session.heuristics.items() if name.startswith(mark)}

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)


def _of_side(session: Session, mark: str) -> Session:
    return cast("Session", _Side(session, mark)) if session.heuristics else session


def _named(evidence: HeuristicEvidence) -> set[str]:
    return {sign.id for sign in evidence.signs}
