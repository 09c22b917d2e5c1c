"""What the stages say together: cheapest first, each only on what the ones before left open, business rules last."""

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


class ModelVoice(Protocol):
    """What a flag tells of the model that scored."""

    @property
    def ref(self) -> ModelRef:
        """Which model in which version."""

    @property
    def learned_from(self) -> str:
        """Whose labels it has learned."""

    @property
    def block_from(self) -> float | None:
        """Score from which it blocks; None: it blocks nobody."""

    @property
    def review_from(self) -> float:
        """Score from which it asks a person."""


def judge(  # noqa: PLR0913 -- each stage brings what it judges by
    session: Session,
    *,
    patterns: Patterns,
    budgets: Budgets,
    over: Sequence[SubjectVerdict],
    score: float | None,
    model: ModelVoice | None,
    business: BusinessRules,
    shadow: Collection[Stage],
    now_s: float,
    clock: Callable[[], float] = lambda: 0.0,
    answer: DecidingLabel | None = None,
    yields_to: Mapping[str, float] = NOTHING,
    ask: Callable[[], HeuristicEvidence] | None = None,
) -> Judgement:
    """Asks the stages in order; the first that says anything but `allow` settles it, unless it is in shadow.

    `over` are the limits over all partitions that meet the session (`SharedVerdicts.on`). `now_s` decides whether a
    business rule has expired; `clock`, in seconds from anywhere, decides nothing. `answer` is the one of people's that
    is in force for the session, `yields_to` the evidence of packs in which a `good` is not believed. `ask` gives what
    `patterns` say of the session, from a caller who needs that too and remembers it.
    """
    ask = ask or partial(collect_evidence, session, patterns)
    seconds: dict[Stage, float] = {}
    voices: tuple[Callable[[], StageVerdict], ...] = (
        partial(rate_limit, session, budgets, over),
        partial(_by_heuristics, ask),
        partial(by_model, score, model),
    )
    spoken = list(_until_settled(voices, shadow, seconds, clock))
    settled = spoken[-1] if _settles(spoken[-1], shadow) else None
    decided = settled or StageVerdict("model" if score is not None else "heuristics", "allow")
    last_word = partial(
        _with_business, session, business=business, shadow=shadow, now_s=now_s, score=score, seconds=seconds
    )
    said: StageVerdict | None = None
    if answer is not None:
        begun_s = clock()
        yields = answer.label == "good" and is_stronger(session, patterns, yields_to, ask())
        said = by_people(decided, answer, yields=yields)
        seconds["people"] = clock() - begun_s
    begun_s = clock()
    if said is None:
        judgement = last_word(spoken, decided)
    else:
        is_heard = "people" not in shadow
        judgement = last_word([*spoken, said], said if is_heard else decided)
        if is_heard:
            judgement = replace(judgement, beneath=last_word(spoken, decided))
    seconds["business_rule"] = clock() - begun_s
    return judgement


def _with_business(  # noqa: PLR0913 -- what a judgement is made of
    session: Session,
    spoken: Sequence[StageVerdict],
    decided: StageVerdict,
    *,
    business: BusinessRules,
    shadow: Collection[Stage],
    now_s: float,
    score: float | None,
    seconds: Mapping[Stage, float],
) -> Judgement:
    """The judgement after business rules have had the last word."""
    spoken = list(spoken)
    override = business.apply(session, decided.verdict, decided.stage, now_s, score=score)
    if override is not None:
        last = StageVerdict("business_rule", override.verdict, (*override.reasons, *decided.reasons))
        spoken.append(last)
        if "business_rule" not in shadow:
            decided = last
    shadowed = tuple(
        ShadowVerdict(stage=said.stage, verdict=said.verdict, reasons=list(said.reasons))
        for said in spoken
        if said.stage in shadow and said.verdict != "allow"
    )
    trials = tuple(said.trial for said in spoken if said.trial is not None)
    return Judgement(decided.verdict, decided.stage, decided.reasons, shadowed, tuple(spoken), seconds, trials)


def _until_settled(
    voices: Sequence[Callable[[], StageVerdict]],
    shadow: Collection[Stage],
    seconds: dict[Stage, float],
    clock: Callable[[], float],
) -> Iterator[StageVerdict]:
    for voice in voices:
        begun_s = clock()
        said = voice()
        seconds[said.stage] = clock() - begun_s
        yield said
        if _settles(said, shadow):
            return


def _settles(said: StageVerdict, shadow: Collection[Stage]) -> bool:
    return said.stage not in shadow and said.verdict != "allow"


def rate_limit(session: Session, budgets: Budgets, over: Sequence[SubjectVerdict]) -> StageVerdict:
    """Throttles who is over a budget of their own, or whose address or account is over one."""
    reasons = _of_visitor(session, budgets)
    reasons += [Reason(id=verdict.limit, version=verdict.version, text=verdict.text) for verdict in over]
    return StageVerdict("rate_limit", "throttle" if reasons else "allow", tuple(reasons))


def _of_visitor(session: Session, budgets: Budgets) -> list[Reason]:
    """The visitor's limits that the session was over.

    The text has no count: a flag goes out at the first event over a limit, and not again for each further one.
    """
    if session.rate_limited and not session.limits_over:
        # Folded by a version that did not say which.
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
    """Takes the evidence of patterns and of rules over the session; those in shadow are no part of it."""
    return _heard(collect_evidence(session, patterns))


def _by_heuristics(ask: Callable[[], HeuristicEvidence]) -> StageVerdict:
    return _heard(ask())


def _heard(heard: HeuristicEvidence) -> StageVerdict:
    reasons = _as_reasons(heard.signs) if heard.verdict != "allow" else ()
    return StageVerdict("heuristics", heard.verdict, reasons, _trial(heard) if heard.shadow else None)


def _as_reasons(signs: Iterable[Sign]) -> tuple[Reason, ...]:
    return tuple(Reason(id=sign.id, version=sign.version, text=sign.reason) for sign in signs)


def _trial(heard: HeuristicEvidence) -> ShadowVerdict:
    return ShadowVerdict(stage="heuristics", verdict=heard.shadow_verdict, reasons=list(_as_reasons(heard.shadow)))


def by_model(score: float | None, model: ModelVoice | None) -> StageVerdict:
    """Takes the champion's probability."""
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
