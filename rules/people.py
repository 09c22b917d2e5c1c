"""What people's answers say of a session: trusted persons', and enough reports of visitors.

An answer decides the sessions that it names, and the visitor's sessions that end while it holds. Time is event time:
the answer's `ts` and `until` against the session's `end`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from rules.heuristics.evidence import grouped_evidence
from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns
from rules.judgement import STRENGTH, StageVerdict
from weir.contracts.answer import REPORTS, AnswerRef
from weir.contracts.flag import Reason, Verdict
from weir.contracts.session import Session


class DecidingLabel(Protocol):
    """An answer that decides, as `weir.answers` has it or as a flag's reason does."""

    @property
    def verdict(self) -> Verdict:
        """What it gives to sessions."""

    @property
    def label(self) -> str:
        """`good` or `bad`."""

    @property
    def source(self) -> str:
        """Whose answer it is."""

    @property
    def ts(self) -> float:
        """When it was given, or the moment that it is about."""

    @property
    def until(self) -> float:
        """Sessions that end then or later are not decided by it."""


class SessionsDecidingLabel(DecidingLabel, Protocol):
    """An answer with the sessions that it names."""

    @property
    def session_ids(self) -> Sequence[str]:
        """Sessions that it decides whenever they ended."""


AnyStanding = TypeVar("AnyStanding", bound=SessionsDecidingLabel)
_LAST_MOMENT_S = 253_402_300_799.0
"""The end of the year 9999, the last that a date can say."""


def in_force(
    answers: Sequence[AnyStanding], session_id: str, end_s: float, holds_until_s: float = 0.0
) -> AnyStanding | None:
    """The answer that decides a session, None where none does.

    Args:
        answers: About the session's visitor, those with the last word last.
        session_id: The session.
        end_s: Its `end`.
        holds_until_s: Until when the last flag of the session holds: an answer that came before that decides it too.
    """
    for answer in reversed(answers):
        begins_in_time = answer.ts <= end_s or answer.ts < holds_until_s or session_id in answer.session_ids
        if begins_in_time and end_s < answer.until:
            return answer
    return None


def by_people(decided: StageVerdict, answer: DecidingLabel, *, yields: bool) -> StageVerdict | None:
    """What people say where the stages before them said `decided`; None where that stands.

    A `good` frees from heuristics and model, unless it `yields` to the evidence. It doesn't lift a rate limit: that is
    about how much, not about whom. A `bad` and reports never make a verdict milder. The only reason is the answer: with
    it, the decision can be taken again.
    """
    if answer.label == "good":
        if yields or (decided.stage == "rate_limit" and decided.verdict != "allow"):
            return None
    elif STRENGTH[answer.verdict] < STRENGTH[decided.verdict]:
        return None
    return StageVerdict("people", answer.verdict, (reason_of(answer),))


def is_stronger(
    session: Session, patterns: Patterns, yields_to: Mapping[str, float], heard: HeuristicEvidence | None = None
) -> bool:
    """Whether heuristics have evidence in which a `good` answer is not believed: so much of one of these packs.

    `heard` is what the patterns say of the session, where the caller has asked them already.
    """
    if not yields_to or not session.heuristics:
        return False
    signs = (heard or collect_evidence(session, patterns)).signs
    packs = {sign.id: info.pack for sign in signs if (info := patterns.find(sign.id)) is not None}
    return any(
        grouped_evidence(sign for sign in signs if packs.get(sign.id) == pack) >= least
        for pack, least in yields_to.items()
    )


def evidence_of(named: Sequence[str]) -> dict[str, float]:
    """The setting `answer_yields_to`: pack to evidence."""
    split = (one.rpartition(":") for one in named)
    return {pack: float(value) for pack, _, value in split}


def reason_of(answer: DecidingLabel) -> Reason:
    """The answer as a flag's reason: who said what, and until when it holds."""
    until = datetime.fromtimestamp(min(answer.until, _LAST_MOMENT_S), UTC).isoformat(" ", "seconds")
    if answer.source == REPORTS:
        text = f"Visitors reported the visitor: {answer.verdict} until {until}."
    else:
        text = f"{answer.source} answered {answer.label}: {answer.verdict} until {until}."
    return Reason(
        id=REPORTS if answer.source == REPORTS else f"answer-{answer.label}",
        version=f"{answer.ts:.6f}",
        text=text,
        answer=AnswerRef(
            label="good" if answer.label == "good" else "bad",
            verdict=answer.verdict,
            source=answer.source,
            ts=answer.ts,
            until=answer.until,
        ),
    )
