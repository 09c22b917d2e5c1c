"""A decision taken again: the session as it was, and the versions that the flag names, give the same flag."""

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
class Again:
    """What comes out today."""

    judgement: Judgement
    score: float | None
    features_hash: str
    flag_id: str
    differences: list[str] = field(default_factory=list)
    """What is not as it was; empty: the same flag, to the last bit of its score."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What judged beside the model, in the versions of then."""

    patterns: Patterns
    budgets: Budgets
    business: BusinessRules
    shadow: frozenset[Stage]
    yields_to: Mapping[str, float] = field(default_factory=dict)
    """Evidence of packs in which a `good` answer is not believed."""


def judge_again(flag: Flag, session: Session, snapshot: Snapshot | None, rules: Rules, now_s: float) -> Again:
    """Judges a session's revision anew.

    What other partitions knew of its address or account is no part of the session, and neither is what people answered:
    they are taken from the flag.

    Args:
        flag: The decision.
        session: The revision that it was made on.
        snapshot: The model that the flag names, verified; None where it names none.
        rules: What judged beside it.
        now_s: When the decision was made: business rules may expire.

    Raises:
        SnapshotError: the model can't be read here.
    """
    scorer = Scorer.of(snapshot, 0) if snapshot is not None else None
    scored = ScoredSession.of(session, scorer)
    judgement = judge(
        session,
        patterns=rules.patterns,
        budgets=rules.budgets,
        over=_recorded(flag, rules.budgets),
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
        "reasons": _names(judgement.reasons),
        "id": identity,
    }
    was = {
        "score": flag.score,
        "features": flag.features_hash,
        "verdict": flag.verdict,
        "stage": flag.stage,
        "reasons": _names(flag.reasons),
        "id": flag.flag_id,
    }
    differences = [f"{name}: was {was[name]}, is {value}" for name, value in is_now.items() if value != was[name]]
    return Again(judgement, scored.score, scored.features_hash, identity, differences)


def _recorded(flag: Flag, budgets: Budgets) -> list[SubjectVerdict]:
    kinds = {limit.id: limit.kind for limit in budgets.shared} | {limit.id: limit.kind for limit in budgets.distinct}
    told = [*flag.reasons, *(reason for said in flag.shadow for reason in said.reasons)]
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
        for reason in told
        if reason.id in kinds
    ]


def _names(reasons: list[Reason] | tuple[Reason, ...]) -> list[str]:
    return [f"{reason.id} {reason.version}".strip() for reason in reasons]
