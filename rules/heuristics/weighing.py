"""Whether the verdict on a session depends on a single rule: whether it would differ without that rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns
from weir.contracts.session import Session


@dataclass(frozen=True, slots=True)
class Weighed:
    """A pattern or rule that holds for a session."""

    id: str
    in_shadow: bool
    is_alone: bool
    """Whether the flag depends on it: without it, or for a rule in shadow with it, the session's flag would change."""


def weigh(session: Session, patterns: Patterns) -> tuple[Weighed, ...]:
    """The patterns and rules that hold for a session, by id, those in shadow too; signs of no weight are none."""
    return weighed(collect_evidence(session, patterns))


def weighed(evidence: HeuristicEvidence) -> tuple[Weighed, ...]:
    """As `weigh`, from evidence that was collected already."""
    if not evidence.signs and not evidence.shadow:
        return ()
    is_flagged = evidence.verdict != "allow"
    found = [
        Weighed(sign.id, in_shadow=False, is_alone=is_flagged and not _flags(_without(evidence.signs, sign)))
        for sign in evidence.signs
    ]
    found += [
        Weighed(sign.id, in_shadow=True, is_alone=not is_flagged and _flags([*evidence.signs, sign]))
        for sign in evidence.shadow
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def _without(signs: Iterable[Sign], sign: Sign) -> list[Sign]:
    return [other for other in signs if other is not sign]


def _flags(signs: Iterable[Sign]) -> bool:
    return verdict_of(grouped_evidence(signs)) != "allow"
