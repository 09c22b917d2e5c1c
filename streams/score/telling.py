"""Tells consumers what is new: when a session was judged, and when an answer about its visitor came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from rules.judgement import Judgement
from rules.people import in_force
from streams.score.flags import FlaggedRevision, Opinion, PublishedVerdict, flag, opinion_of, with_answer
from streams.score.held import HeldFlags
from streams.score.scored import ScoredSession
from streams.score.standing import StandingAnswers
from streams.task import Effects
from weir.contracts.answer import AnsweredSession, Answers, StandingAnswer
from weir.settings import Settings

TOLD, ANSWERED = b"s", b"v"
"""Types of state entries: what was told of a session; what people's answers come to for a visitor."""


class Telling:
    """Flags, each verdict once, with people's answers that are in force.

    Args:
        partition: Of the sessions, and of the answers, which are partitioned alike.
        settings: Stages in shadow, how long verdicts hold.
    """

    def __init__(self, partition: int, settings: Settings) -> None:
        self._partition = partition
        self._settings = settings
        # A final revision comes so long after its session's end.
        self._late_s = settings.gap_s + settings.grace_s
        self._held = HeldFlags()
        self._standing = StandingAnswers()

    def load(self, key: bytes, value: bytes) -> None:
        """Takes a state entry back."""
        if key[:1] == TOLD:
            self._held.load(key[1:].decode(), value)
        else:
            self._standing.load(value)

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries changed since the last call."""
        for session_id, told in self._held.changes():
            yield TOLD + session_id.encode(), told
        for visitor_id, answers in self._standing.changes():
            yield ANSWERED + visitor_id.encode(), answers

    def last(self, session_id: str) -> PublishedVerdict | None:
        """What was told of the session last."""
        return self._held.get(session_id)

    def answer_for(self, session_id: str, visitor_id: str, end_s: float) -> StandingAnswer | None:
        """The answer of people's that decides a session which ends then."""
        answers = self._standing.of(visitor_id)
        if not answers:
            return None
        last = self._held.get(session_id)
        return in_force(answers, session_id, end_s, last.holds_until_s if last is not None else 0.0)

    def judged(
        self, scored: ScoredSession, judgement: Judgement, latency_s: float, effects: Effects, *, yields: bool = False
    ) -> None:
        """Tells what was judged, if it is news; of a closed session it remembers what may still hold."""
        session = scored.session
        flagged = FlaggedRevision.of(scored)
        opinion = opinion_of(judgement, session.end, self._settings)
        without = opinion_of(judgement.beneath, session.end, self._settings) if judgement.beneath else opinion
        told = PublishedVerdict.of(opinion, flagged, without, yields=yields, is_closed=session.final)
        last = self._held.get(session.session_id)
        is_news = told.is_news_after(last)
        if is_news:
            shadow = (*judgement.shadow, *judgement.trials)
            self._tell(flagged, opinion, latency_s, effects, reasons=judgement.reasons, shadow=shadow)
        elif last is not None:
            # The flag that consumers have says until when.
            if without is opinion:
                without = replace(opinion, until=last.until)
            told = replace(told, until=last.until, beneath=without)
        if session.final and told.holds_until_s <= session.end:
            self._held.forget(session.session_id)
        elif is_news or (session.final and last is not None):
            self._keep(session.session_id, told, effects)

    def answered(self, answers: Answers, latency_s: float, effects: Effects) -> None:
        """Takes what people's answers come to for a visitor, and tells what that changes of flags that may hold."""
        forgotten = self._standing.put(answers)
        if forgotten:
            effects.count("answers", "people", "forgotten", by=forgotten)
        if "people" in self._settings.shadow:
            return
        for _, told in self._held.of(answers.visitor_id):
            if told.flagged is not None and told.beneath is not None:
                self._tell_again(told.flagged, told.beneath, told, answers.answers, latency_s, effects)
        for session in _sessions_of(answers.answers):
            if self._held.get(session.session_id) is None:
                beneath = Opinion(session.verdict, session.stage, ())
                flagged = FlaggedRevision.of_answer(answers.visitor_id, session)
                self._tell_again(flagged, beneath, None, answers.answers, latency_s, effects)

    def taken_over(self, session_id: str, end_s: float, effects: Effects) -> None:
        """Another session took this one over, which ended then.

        What people's answers decided of it is held on: an answer may name it yet, and nothing is to be told twice.
        """
        last = self._held.get(session_id)
        if last is not None and last.stage == "people" and last.holds_until_s > end_s:
            self._keep(session_id, replace(last, is_closed=True), effects)
        else:
            self._held.forget(session_id)

    def pass_until(self, reached_s: float) -> None:
        """Forgets what is over, event time having come so far."""
        self._held.expire(reached_s - self._late_s)
        self._standing.expire(reached_s - self._late_s)

    def show(self, effects: Effects) -> None:
        """Sets the gauges."""
        effects.set(len(self._standing), "answers_standing", str(self._partition))
        effects.set(self._held.closed, "flags_held", str(self._partition))

    def _tell_again(  # noqa: PLR0913, PLR0917 -- a flag, what is beneath it, and what comes on top
        self,
        flagged: FlaggedRevision,
        beneath: Opinion,
        last: PublishedVerdict | None,
        answers: Sequence[StandingAnswer],
        latency_s: float,
        effects: Effects,
    ) -> None:
        holds_until_s = last.holds_until_s if last is not None else 0.0
        answer = in_force(answers, flagged.session_id, flagged.ts, holds_until_s)
        yields = last is not None and last.yields
        opinion, reasons = with_answer(beneath, answer, yields=yields)
        is_closed = last is None or last.is_closed
        told = PublishedVerdict.of(opinion, flagged, beneath, yields=yields, is_closed=is_closed)
        # A session that is not held was told of by itself, or never flagged: only people's verdict is news.
        if not told.is_news_after(last) or (last is None and opinion.stage != "people"):
            return
        self._tell(flagged, opinion, latency_s, effects, reasons=reasons)
        self._keep(flagged.session_id, told, effects)

    def _tell(
        self,
        flagged: FlaggedRevision,
        opinion: Opinion,
        latency_s: float,
        effects: Effects,
        **as_given: Sequence[object],
    ) -> None:
        latency_ms = round(latency_s * 1_000, 3)
        effects.outputs.append(flag(flagged, opinion, latency_ms, **as_given))  # type: ignore[arg-type]  # reasons, shadow
        effects.count("flags", opinion.stage, opinion.verdict)

    def _keep(self, session_id: str, told: PublishedVerdict, effects: Effects) -> None:
        let_go = self._held.put(session_id, told)
        if let_go:
            effects.count("flags_let_go", by=let_go)


def _sessions_of(answers: Sequence[StandingAnswer]) -> Iterator[AnsweredSession]:
    for answer in answers:
        if answer.session is not None:
            yield answer.session
