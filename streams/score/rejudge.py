"""Judges a recorded session once more, by the versions that its flag names, and compares the outcome with the flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.serving.champion import Scorer
from rules.business.rules import BusinessRules
from rules.cascade import judge
from rules.heuristics.patterns import Patterns
from rules.judgement import Judgement
from rules.limits.budgets import Budgets
from rules.limits.verdicts import SubjectVerdict
from streams.score.flags import FlaggedRevision, flag_id
from streams.score.scored import ScoredSession
from weir.contracts import Flag, Session, Stage
from weir.contracts.flag import Reason
from weir.contracts.model_record import Snapshot


@dataclass(frozen=True, slots=True)
class Rejudgement:
    """The outcome of judging a recorded session once more."""

    judgement: Judgement
    score: float | None
    features_hash: str
    flag_id: str
    differences: list[str] = field(default_factory=list)
    """Fields that differ from the flag's; empty if the flag is reproduced, with every bit of its score."""


@dataclass(frozen=True, slots=True)
class RuleVersions:
    """Patterns, budgets and rules in the versions that judged the session."""

    patterns: Patterns
    budgets: Budgets
    business: BusinessRules
    shadow: frozenset[Stage]
    yields_to: Mapping[str, float] = field(default_factory=dict)
    """Evidence by pack from which a benign answer no longer decides."""


def rejudge(flag: Flag, session: Session, snapshot: Snapshot | None, rules: RuleVersions, now_s: float) -> Rejudgement:
    """Judges a session's revision once more.

    Limits that the session's address or account crossed and human labels are not part of the session. They are taken
    from the reasons of the flag.

    Args:
        flag: The recorded decision.
        session: The revision that the flag is about.
        snapshot: The verified snapshot of the model that the flag names; None if the flag names no model.
        rules: Patterns, budgets and rules in the versions that the flag names.
        now_s: Wall time of the decision, in seconds since the epoch; business rules may expire.

    Raises:
        SnapshotError: This version can't read the snapshot.
    """
    scorer = Scorer.of(snapshot, 0) if snapshot is not None else None
    scored = ScoredSession.of(session, scorer)
    judgement = judge(
        session,
        patterns=rules.patterns,
        budgets=rules.budgets,
        over=_recorded_limits(flag, rules.budgets),
        score=scored.score,
        model=scorer,
        business=rules.business,
        shadow=rules.shadow,
        now_s=now_s,
        answer=next((reason.answer for reason in flag.reasons if reason.answer is not None), None),
        yields_to=rules.yields_to,
    )
    identity = flag_id(FlaggedRevision.of(scored), judgement.verdict, judgement.stage, judgement.reasons)
    is_now = {
        "score": scored.score,
        "features": scored.features_hash,
        "verdict": judgement.verdict,
        "stage": judgement.stage,
        "reasons": _reason_names(judgement.reasons),
        "id": identity,
    }
    was = {
        "score": flag.score,
        "features": flag.features_hash,
        "verdict": flag.verdict,
        "stage": flag.stage,
        "reasons": _reason_names(flag.reasons),
        "id": flag.flag_id,
    }
    differences = [f"{name}: was {was[name]}, is {value}" for name, value in is_now.items() if value != was[name]]
    return Rejudgement(judgement, scored.score, scored.features_hash, identity, differences)


def _recorded_limits(flag: Flag, budgets: Budgets) -> list[SubjectVerdict]:
    kinds = {limit.id: limit.kind for limit in budgets.shared} | {limit.id: limit.kind for limit in budgets.distinct}
    reasons = [*flag.reasons, *(reason for shadow in flag.shadow for reason in shadow.reasons)]
    return [
        SubjectVerdict(
            kind=kinds[reason.id],
            subject="",
            limit=reason.id,
            version=reason.version,
            reason=reason.text,
            observed=0.0,
            window_s=0.0,
            until=0.0,
            retry_after_s=0.0,
            crossed_at=0.0,
        )
        for reason in reasons
        if reason.id in kinds
    ]


def _reason_names(reasons: list[Reason] | tuple[Reason, ...]) -> list[str]:
    return [f"{reason.id} {reason.version}".strip() for reason in reasons]
