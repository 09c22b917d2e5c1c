"""Evidence of patterns and rules for a session: the signs that count, their sum, and the sum with those in shadow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules.heuristics.conditions import SessionFacts
from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.patterns import PatternInfo, Patterns, SessionRule
from weir.contracts.flag import Verdict
from weir.contracts.session import Session


@dataclass(frozen=True, slots=True)
class HeuristicEvidence:
    """Evidence of the packs in force for a session."""

    evidence: float
    verdict: Verdict
    signs: tuple[Sign, ...]
    """Signs that count, by id; signs of weight 0 are left out."""
    shadow: tuple[Sign, ...]
    """Signs in shadow, by id."""
    shadow_evidence: float
    """Evidence if the signs in shadow counted."""

    @property
    def shadow_verdict(self) -> Verdict:
        """Verdict if the signs in shadow counted."""
        return verdict_of(self.shadow_evidence)


def collect_evidence(session: Session, patterns: Patterns) -> HeuristicEvidence:
    """Collects the patterns that matched in the session and the rules that hold, each once, without expired ones."""
    signs: list[Sign] = []
    shadow: list[Sign] = []
    for sign, in_shadow in (*_matched(session, patterns), *_holding(session, patterns)):
        (shadow if in_shadow else signs).append(sign)
    if not signs and not shadow:
        return _NOTHING
    signs.sort(key=_by_id)
    shadow.sort(key=_by_id)
    value = grouped_evidence(signs)
    with_shadow = grouped_evidence([*signs, *shadow]) if shadow else value
    return HeuristicEvidence(value, verdict_of(value), tuple(signs), tuple(shadow), with_shadow)


def _matched(session: Session, patterns: Patterns) -> Iterator[tuple[Sign, bool]]:
    for name, hits in session.heuristics.items():
        info = patterns.find(name)
        if info is not None and info.weight and session.end < info.expires_s:
            yield _sign(info, hits.version), info.shadow


def _holding(session: Session, patterns: Patterns) -> Iterator[tuple[Sign, bool]]:
    rules: Iterable[SessionRule] = patterns.rules_by_events
    facts: SessionFacts | None = None
    for rule in rules:
        if session.events < rule.least_events:
            return
        if facts is None:
            facts = SessionFacts(session, patterns.category)
        if session.end < rule.expires_s and rule.holds(facts):
            yield _sign(rule, rule.version), rule.shadow


def _sign(info: PatternInfo | SessionRule, version: str) -> Sign:
    return Sign(info.id, version, info.weight, info.group, info.reason)


def _by_id(sign: Sign) -> str:
    return sign.id


_NOTHING = HeuristicEvidence(0.0, "allow", (), (), 0.0)
