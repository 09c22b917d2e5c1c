"""Human labels as a stage: answers of trusted persons, and reports of enough visitors.

An answer decides the sessions that it names, and the visitor's sessions that end while it holds. Time is event time:
the answer's `ts` and `until` are compared with the session's `end`.
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
        """Verdict on the sessions that it decides."""

    @property
    def label(self) -> str:
        """`good` or `bad`."""

    @property
    def source(self) -> str:
        """Name of the person, or of the reports."""

    @property
    def ts(self) -> float:
        """Event time from which it holds, in seconds since 1970."""

    @property
    def until(self) -> float:
        """Event time until which it holds: sessions that end then or later are not decided by it."""


class SessionsDecidingLabel(DecidingLabel, Protocol):
    """An answer with the sessions that it names."""

    @property
    def session_ids(self) -> Sequence[str]:
        """Sessions that it decides whenever they ended."""


AnyStanding = TypeVar("AnyStanding", bound=SessionsDecidingLabel)
_LAST_MOMENT_S = 253_402_300_799.0
"""End of the year 9999, the last that `datetime` has."""


def in_force(
    answers: Sequence[AnyStanding], session_id: str, end_s: float, holds_until_s: float = 0.0
) -> AnyStanding | None:
    """Finds the answer that decides a session.

    Args:
        answers: Answers about the session's visitor, by rising precedence.
        session_id: Id of the session.
        end_s: `end` of the session, in seconds since 1970.
        holds_until_s: Time until which the session's last flag holds. An earlier answer decides the session, too.

    Returns:
        The answer; None without one.
    """
    for answer in reversed(answers):
        begins_in_time = answer.ts <= end_s or answer.ts < holds_until_s or session_id in answer.session_ids
        if begins_in_time and end_s < answer.until:
            return answer
    return None


def by_people(decided: StageVerdict, answer: DecidingLabel, *, yields: bool) -> StageVerdict | None:
    """Stage `people`: applies a human label to the verdict of the stages before.

    A benign label lifts verdicts of heuristics and model, unless it yields to their evidence. It doesn't lift a rate
    limit, which is about load and not about abuse. An abusive label and reports never weaken a verdict. The only reason
    is the answer, from which the decision can be repeated.

    Args:
        decided: Verdict of the stages before.
        answer: The label.
        yields: Whether a benign label yields to the evidence, see `is_stronger`.

    Returns:
        The stage's verdict; None if `decided` remains.
    """
    if answer.label == "good":
        if yields or (decided.stage == "rate_limit" and decided.verdict != "allow"):
            return None
    elif STRENGTH[answer.verdict] < STRENGTH[decided.verdict]:
        return None
    return StageVerdict("people", answer.verdict, (reason_of(answer),))


def is_stronger(
    session: Session, patterns: Patterns, yields_to: Mapping[str, float], evidence: HeuristicEvidence | None = None
) -> bool:
    """Whether the evidence of one pack is strong enough to override a benign label.

    Args:
        session: The session.
        patterns: Patterns and rules in force.
        yields_to: Evidence by pack from which a benign label is ignored.
        evidence: The patterns' evidence for the session, if the caller has it already.
    """
    if not yields_to or not session.heuristics:
        return False
    signs = (evidence or collect_evidence(session, patterns)).signs
    packs = {sign.id: info.pack for sign in signs if (info := patterns.find(sign.id)) is not None}
    return any(
        grouped_evidence(sign for sign in signs if packs.get(sign.id) == pack) >= least
        for pack, least in yields_to.items()
    )


def evidence_of(named: Sequence[str]) -> dict[str, float]:
    """Parses the setting `answer_yields_to`: `pack:evidence` to evidence by pack."""
    split = (one.rpartition(":") for one in named)
    return {pack: float(value) for pack, _, value in split}


def reason_of(answer: DecidingLabel) -> Reason:
    """The answer as a flag's reason: its source, label and verdict, and how long it holds."""
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
