"""The cascade: stages judge a session in order of cost until one settles it; human labels and business rules follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from rules.business.rules import BusinessRules
from rules.heuristics.evidence import Sign
from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns
from rules.judgement import Judgement, StageVerdict
from rules.limits.budgets import Budgets
from rules.limits.verdicts import SubjectVerdict
from rules.people import DecidingLabel, by_people, is_stronger
from weir.contracts.flag import Reason, ShadowVerdict, Stage, Verdict
from weir.contracts.score import ModelRef
from weir.contracts.session import Session

NOTHING: Mapping[str, float] = {}
"""No packs that a benign label yields to."""


class ScoringModel(Protocol):
    """What the cascade reads of the model that scored."""

    @property
    def ref(self) -> ModelRef:
        """Id and version of the model."""

    @property
    def learned_from(self) -> str:
        """Which labels it has learned: `people`, `weak` or `both`."""

    @property
    def block_from(self) -> float | None:
        """Score from which the verdict is `block`; None if the model blocks no session."""

    @property
    def review_from(self) -> float:
        """Score from which the verdict is `review`."""


def judge(  # noqa: PLR0913 -- each stage has inputs of its own
    session: Session,
    *,
    patterns: Patterns,
    budgets: Budgets,
    over: Sequence[SubjectVerdict],
    score: float | None,
    model: ScoringModel | None,
    business: BusinessRules,
    shadow: Collection[Stage],
    now_s: float,
    clock: Callable[[], float] = lambda: 0.0,
    answer: DecidingLabel | None = None,
    yields_to: Mapping[str, float] = NOTHING,
    ask: Callable[[], HeuristicEvidence] | None = None,
) -> Judgement:
    """Judges a session: the first stage out of shadow whose verdict is not `allow` settles it.

    Human labels and business rules are applied to the settled verdict.

    Args:
        session: The session.
        patterns: Patterns and rules in force.
        budgets: Limits of a single visitor.
        over: Limits over all partitions that the session is over (`SharedVerdicts.on`).
        score: Probability of abuse; None without a model.
        model: The model that scored; None without one.
        business: Business rules in force.
        shadow: Stages whose verdicts are reported and decide nothing.
        now_s: Time in seconds since 1970, by which business rules expire.
        clock: Clock in seconds that measures each stage. It decides nothing.
        answer: Human label that is in force for the session; None without one.
        yields_to: Evidence by pack from which a benign label is ignored.
        ask: Returns the evidence of `patterns` for the session; for callers that cache it.

    Returns:
        The judgement. If a human label decided, `beneath` has the judgement without it.
    """
    ask = ask or partial(collect_evidence, session, patterns)
    seconds: dict[Stage, float] = {}
    stages: tuple[Callable[[], StageVerdict], ...] = (
        partial(rate_limit, session, budgets, over),
        partial(_by_heuristics, ask),
        partial(by_model, score, model),
    )
    verdicts = list(_until_settled(stages, shadow, seconds, clock))
    settled = verdicts[-1] if _settles(verdicts[-1], shadow) else None
    decided = settled or StageVerdict("model" if score is not None else "heuristics", "allow")
    apply_business = partial(
        _with_business, session, business=business, shadow=shadow, now_s=now_s, score=score, seconds=seconds
    )
    human: StageVerdict | None = None
    if answer is not None:
        begun_s = clock()
        yields = answer.label == "good" and is_stronger(session, patterns, yields_to, ask())
        human = by_people(decided, answer, yields=yields)
        seconds["people"] = clock() - begun_s
    begun_s = clock()
    if human is None:
        judgement = apply_business(verdicts, decided)
    else:
        counts = "people" not in shadow
        judgement = apply_business([*verdicts, human], human if counts else decided)
        if counts:
            judgement = replace(judgement, beneath=apply_business(verdicts, decided))
    seconds["business_rule"] = clock() - begun_s
    return judgement


def _with_business(  # noqa: PLR0913 -- a judgement has as many parts
    session: Session,
    verdicts: Sequence[StageVerdict],
    decided: StageVerdict,
    *,
    business: BusinessRules,
    shadow: Collection[Stage],
    now_s: float,
    score: float | None,
    seconds: Mapping[Stage, float],
) -> Judgement:
    """The judgement after business rules were applied to the settled verdict."""
    verdicts = list(verdicts)
    override = business.apply(session, decided.verdict, decided.stage, now_s, score=score)
    if override is not None:
        last = StageVerdict("business_rule", override.verdict, (*override.reasons, *decided.reasons))
        verdicts.append(last)
        if "business_rule" not in shadow:
            decided = last
    shadowed = tuple(
        ShadowVerdict(stage=one.stage, verdict=one.verdict, reasons=list(one.reasons))
        for one in verdicts
        if one.stage in shadow and one.verdict != "allow"
    )
    trials = tuple(one.trial for one in verdicts if one.trial is not None)
    return Judgement(decided.verdict, decided.stage, decided.reasons, shadowed, tuple(verdicts), seconds, trials)


def _until_settled(
    stages: Sequence[Callable[[], StageVerdict]],
    shadow: Collection[Stage],
    seconds: dict[Stage, float],
    clock: Callable[[], float],
) -> Iterator[StageVerdict]:
    for stage in stages:
        begun_s = clock()
        verdict = stage()
        seconds[verdict.stage] = clock() - begun_s
        yield verdict
        if _settles(verdict, shadow):
            return


def _settles(found: StageVerdict, shadow: Collection[Stage]) -> bool:
    return found.stage not in shadow and found.verdict != "allow"


def rate_limit(session: Session, budgets: Budgets, over: Sequence[SubjectVerdict]) -> StageVerdict:
    """Stage `rate_limit`: throttles a session over a limit of its visitor, address or account.

    Args:
        session: The session, with the visitor's limits that it was over.
        budgets: Limits of a single visitor, for the texts of the reasons.
        over: Limits of addresses and accounts that the session is over.
    """
    reasons = _of_visitor(session, budgets)
    reasons += [Reason(id=verdict.limit, version=verdict.version, text=verdict.text) for verdict in over]
    return StageVerdict("rate_limit", "throttle" if reasons else "allow", tuple(reasons))


def _of_visitor(session: Session, budgets: Budgets) -> list[Reason]:
    """One reason for each of the visitor's limits that the session was over.

    The text has no count. With one, the flag would change with each further event, and be published again.
    """
    if session.rate_limited and not session.limits_over:
        # Folded by an older version, which recorded no names of limits.
        text = "Over one of the visitor's limits."
        return [Reason(id="visitor-budget", version=budgets.version, text=text)]
    reasons = []
    for name in session.limits_over:
        budget = budgets.by_id.get(name)
        allowed = "."
        if budget is not None:
            allowed = f": {budget.capacity:g} at once, {budget.refill_per_s:g} a second. {budget.reason}".rstrip()
        text = f"Over the visitor's limit {name}{allowed}"
        reasons.append(Reason(id=name, version=budgets.version, text=text))
    return reasons


def heuristics(session: Session, patterns: Patterns) -> StageVerdict:
    """Stage `heuristics`: the verdict from the evidence of patterns and session rules that are not in shadow."""
    return _stage_verdict(collect_evidence(session, patterns))


def _by_heuristics(ask: Callable[[], HeuristicEvidence]) -> StageVerdict:
    return _stage_verdict(ask())


def _stage_verdict(evidence: HeuristicEvidence) -> StageVerdict:
    reasons = _as_reasons(evidence.signs) if evidence.verdict != "allow" else ()
    return StageVerdict("heuristics", evidence.verdict, reasons, _shadow_trial(evidence) if evidence.shadow else None)


def _as_reasons(signs: Iterable[Sign]) -> tuple[Reason, ...]:
    return tuple(Reason(id=sign.id, version=sign.version, text=sign.reason) for sign in signs)


def _shadow_trial(evidence: HeuristicEvidence) -> ShadowVerdict:
    return ShadowVerdict(
        stage="heuristics", verdict=evidence.shadow_verdict, reasons=list(_as_reasons(evidence.shadow))
    )


def by_model(score: float | None, model: ScoringModel | None) -> StageVerdict:
    """Stage `model`: the verdict from the champion's score.

    Args:
        score: Probability of abuse; None without a model.
        model: The model that scored; None without one.
    """
    if score is None or model is None:
        return StageVerdict("model", "allow")
    block_from = model.block_from
    verdict: Verdict = (
        "block"
        if block_from is not None and score >= block_from
        else "review"
        if score >= model.review_from
        else "allow"
    )
    if verdict == "allow":
        return StageVerdict("model", verdict)
    taught = " It has learned from weak labels alone." if model.learned_from == "weak" else ""
    text = f"The model gives a probability of abuse of {score:.3f}.{taught}"
    return StageVerdict("model", verdict, (Reason(id=model.ref.id, version=model.ref.version, text=text),))
