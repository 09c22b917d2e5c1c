"""Publishes flags: after a session was judged, and after an answer about its visitor arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from rules.judgement import Judgement
from rules.people import in_force
from streams.score.deciding_answers import DecidingAnswers
from streams.score.flags import FlagContent, FlaggedRevision, PublishedVerdict, flag, flag_content, with_answer
from streams.score.published_verdicts import PublishedVerdicts
from streams.score.scored import ScoredSession
from streams.task import Effects
from weir.contracts.answer import AnsweredSession, Answers, StandingAnswer
from weir.settings import Settings

VERDICT_ENTRY, ANSWERS_ENTRY = b"s", b"v"
"""Types of state entries: a session's last published verdict; a visitor's answers."""


class VerdictPublisher:
    """Publishes each new verdict once, with the answers that are in force.

    Args:
        partition: Partition of sessions and answers, which are partitioned alike.
        settings: Stages in shadow, and how long verdicts hold.
    """

    def __init__(self, partition: int, settings: Settings) -> None:
        self._partition = partition
        self._settings = settings
        # The final revision of a session arrives so long, in event time, after the session's end.
        self._late_s = settings.gap_s + settings.grace_s
        self._verdicts = PublishedVerdicts()
        self._answers = DecidingAnswers()

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a state entry."""
        if key[:1] == VERDICT_ENTRY:
            self._verdicts.load(key[1:].decode(), value)
        else:
            self._answers.load(value)

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call; None for a dropped one."""
        for session_id, published in self._verdicts.changes():
            yield VERDICT_ENTRY + session_id.encode(), published
        for visitor_id, answers in self._answers.changes():
            yield ANSWERS_ENTRY + visitor_id.encode(), answers

    def last_verdict(self, session_id: str) -> PublishedVerdict | None:
        """The session's last published verdict, None if there is none."""
        return self._verdicts.get(session_id)

    def deciding_answer(self, session_id: str, visitor_id: str, end_s: float) -> StandingAnswer | None:
        """The answer that decides a session with this end, None if there is none."""
        answers = self._answers.of(visitor_id)
        if not answers:
            return None
        last = self._verdicts.get(session_id)
        return in_force(answers, session_id, end_s, last.holds_until_s if last is not None else 0.0)

    def publish_judgement(
        self, scored: ScoredSession, judgement: Judgement, latency_s: float, effects: Effects, *, yields: bool = False
    ) -> None:
        """Publishes a flag if the verdict is new, and stores the verdict of a closed session while it holds.

        Args:
            scored: The session's revision.
            judgement: The cascade's judgement of it.
            latency_s: Time from the append of the event to the judgement.
            effects: Takes the flag.
            yields: Whether the evidence is so strong that a benign answer doesn't decide.
        """
        session = scored.session
        flagged = FlaggedRevision.of(scored)
        content = flag_content(judgement, session.end, self._settings)
        without = flag_content(judgement.beneath, session.end, self._settings) if judgement.beneath else content
        published = PublishedVerdict.of(content, flagged, without, yields=yields, is_closed=session.final)
        last = self._verdicts.get(session.session_id)
        is_new = published.differs_from(last)
        if is_new:
            shadow = (*judgement.shadow, *judgement.trials)
            self._publish_flag(flagged, content, latency_s, effects, reasons=judgement.reasons, shadow=shadow)
        elif last is not None:
            # Consumers act by the end in the flag that they have; a later revision doesn't prolong it.
            if without is content:
                without = replace(content, until=last.until)
            published = replace(published, until=last.until, beneath=without)
        if session.final and published.holds_until_s <= session.end:
            self._verdicts.forget(session.session_id)
        elif is_new or (session.final and last is not None):
            self._remember(session.session_id, published, effects)

    def apply_answers(self, answers: Answers, latency_s: float, effects: Effects) -> None:
        """Stores a visitor's answers, and publishes a flag for each session whose verdict they change."""
        forgotten = self._answers.put(answers)
        if forgotten:
            effects.count("answers", "people", "forgotten", by=forgotten)
        if "people" in self._settings.shadow:
            return
        for _, published in self._verdicts.of(answers.visitor_id):
            if published.flagged is not None and published.beneath is not None:
                self._publish_with_answer(
                    published.flagged, published.beneath, published, answers.answers, latency_s, effects
                )
        for session in _sessions_of(answers.answers):
            if self._verdicts.get(session.session_id) is None:
                beneath = FlagContent(session.verdict, session.stage, ())
                flagged = FlaggedRevision.of_answer(answers.visitor_id, session)
                self._publish_with_answer(flagged, beneath, None, answers.answers, latency_s, effects)

    def forget_merged(self, session_id: str, end_s: float, effects: Effects) -> None:
        """Drops the verdict of a session that was merged into another one.

        A verdict that an answer decided is stored until it ends: another answer may still name the session, and the
        same flag must not be published twice.
        """
        last = self._verdicts.get(session_id)
        if last is not None and last.stage == "people" and last.holds_until_s > end_s:
            self._remember(session_id, replace(last, is_closed=True), effects)
        else:
            self._verdicts.forget(session_id)

    def expire(self, reached_s: float) -> None:
        """Drops verdicts and answers that have ended when event time has reached `reached_s`."""
        self._verdicts.expire(reached_s - self._late_s)
        self._answers.expire(reached_s - self._late_s)

    def set_gauges(self, effects: Effects) -> None:
        """Sets the gauges."""
        effects.set(len(self._answers), "answers_standing", str(self._partition))
        effects.set(self._verdicts.closed, "flags_held", str(self._partition))

    def _publish_with_answer(  # noqa: PLR0913, PLR0917 -- the fields of a flag with and without answers
        self,
        flagged: FlaggedRevision,
        beneath: FlagContent,
        last: PublishedVerdict | None,
        answers: Sequence[StandingAnswer],
        latency_s: float,
        effects: Effects,
    ) -> None:
        holds_until_s = last.holds_until_s if last is not None else 0.0
        answer = in_force(answers, flagged.session_id, flagged.ts, holds_until_s)
        yields = last is not None and last.yields
        content, reasons = with_answer(beneath, answer, yields=yields)
        is_closed = last is None or last.is_closed
        published = PublishedVerdict.of(content, flagged, beneath, yields=yields, is_closed=is_closed)
        # For a session without a stored verdict, the consumers' last flag is unknown. Only a verdict that an answer
        # decided is certainly new.
        if not published.differs_from(last) or (last is None and content.stage != "people"):
            return
        self._publish_flag(flagged, content, latency_s, effects, reasons=reasons)
        self._remember(flagged.session_id, published, effects)

    def _publish_flag(
        self,
        flagged: FlaggedRevision,
        content: FlagContent,
        latency_s: float,
        effects: Effects,
        **as_given: Sequence[object],
    ) -> None:
        latency_ms = round(latency_s * 1_000, 3)
        effects.outputs.append(flag(flagged, content, latency_ms, **as_given))  # type: ignore[arg-type]  # reasons, shadow
        effects.count("flags", content.stage, content.verdict)

    def _remember(self, session_id: str, published: PublishedVerdict, effects: Effects) -> None:
        dropped = self._verdicts.put(session_id, published)
        if dropped:
            effects.count("flags_let_go", by=dropped)


def _sessions_of(answers: Sequence[StandingAnswer]) -> Iterator[AnsweredSession]:
    for answer in answers:
        if answer.session is not None:
            yield answer.session
