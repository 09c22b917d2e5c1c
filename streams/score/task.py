"""Scores every revision of a session, asks the cascade, and tells consumers what is new."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter

import msgspec

from models.serving.champion import Scorer
from rules.business.brake import Brake, BrakeState
from rules.cascade import judge
from rules.heuristics.judging import HeuristicEvidence
from rules.heuristics.weighing import weighed
from rules.judgement import Judgement
from rules.people import evidence_of, is_stronger
from streams.dead_letter import dead_letter
from streams.read_record import read_record
from streams.score.closing import Closing
from streams.score.judges import Judges
from streams.score.revisions import LastRevisions, Revision
from streams.score.scored import ScoredSession
from streams.score.shared_limits import SharedLimits
from streams.score.standing import read_answers
from streams.score.telling import ANSWERED, TOLD, Telling
from streams.task import Effects, Task
from weir.contracts import Session
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import decoder
from weir.kafka.records import InputRecord
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import ANSWERS

_LONGEST_NUMBER = 20
_CROSSED, _BRAKE = b"a", b"b"
"""Types of state entries beside those of telling: a crossing of an address's or account's that was published; the brake
on verdicts."""
_read_session = decoder(Session)
_read_packs = msgspec.json.Decoder(dict[str, str]).decode
_read_brake = msgspec.json.Decoder(BrakeState)
log = logging.getLogger("weir.score")


class ScoreTask(Task):
    """Sessions and people's answers in; scores, flags, questions and weak labels out.

    Of each session that was flagged it remembers the last verdict until the session is final and the flag is over.
    Half-space trees, what is usual of inputs and the features of newest revisions are not kept: a task that starts
    begins anew with them.

    Args:
        partition: Of the sessions.
        partitions: How many there are: each address's or account's limits are published in one of them.
        settings: Stages in shadow, weak labels, shares of sessions to ask about, whether half-space trees score.
        judges: What the stages of the cascade judge by.
        now: Wall time in seconds since the epoch; decides latencies and the expiry of business rules.
    """

    def __init__(
        self,
        partition: int,
        partitions: int,
        settings: Settings,
        judges: Judges,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._judges = judges
        self._patterns = judges.patterns
        self._champion = judges.champion
        self._now = now
        self._packs_named = b""
        self._limits = SharedLimits(partition, partitions)
        self._partition = partition
        self._partitions = partitions
        self._brake = Brake(judges.business.ceiling, judges.business.version)
        self._brake_written = self._brake.state
        self._closing = Closing(settings, judges.champion)
        self._revisions = LastRevisions()
        self._telling = Telling(partition, settings)
        self._yields_to = evidence_of(settings.answer_yields_to)
        self._reached_s = 0.0
        self._shown: Scorer | None = None

    def load(self, key: bytes, value: bytes) -> None:
        """Takes back what was told of a session, answered about a visitor or published of an address."""
        if key[:1] in {TOLD, ANSWERED}:
            self._telling.load(key, value)
        elif key[:1] == _BRAKE:
            self._brake_written = _read_brake.decode(value)
            self._brake = Brake(self._judges.business.ceiling, self._judges.business.version, self._brake_written)
        else:
            self._limits.load(key[1:], value)

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Scores and judges each revision; takes each answer."""
        for record in records:
            if record.topic.endswith(f".{ANSWERS.name}") or record.topic == ANSWERS.name:
                self._take_answers(record, effects)
                continue
            session = read_record(record, _read_session, effects)
            if session is not None:
                self._judge_by(record)
                revision = self._revisions.of(session, record.value or b"")
                self._take(session, revision, _appended_ms(record), effects)
                self._reached_s = max(self._reached_s, session.end)
        self._telling.pass_until(self._reached_s)
        self._limits.publish(self._judges.shared, effects)
        self._show(effects)

    def _judge_by(self, record: InputRecord) -> None:
        """Takes the patterns in the versions that the session was folded by: its verdict depends on nothing else."""
        if self._judges.packs_of is None:
            return
        named = next((value for name, value in record.headers if name == "packs"), b"")
        if named and named == self._packs_named:
            return
        versions = _versions(named)
        self._patterns = self._judges.packs_of(versions)
        # Others stand in for packs that are not here yet: those may come at any time.
        is_found = versions is not None and dict(self._patterns.versions) == versions
        self._packs_named = named if is_found else b""

    def tick(self, now_s: float, effects: Effects) -> None:  # noqa: ARG002 -- nothing here waits for a time
        """Publishes limits of addresses and accounts that others' input led to."""
        self._limits.publish(self._judges.shared, effects)
        self._show(effects)

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What was told or published since the last call."""
        yield from self._telling.changes()
        for key, value in self._limits.changes():
            yield _CROSSED + key, value
        if self._brake.state != self._brake_written:
            self._brake_written = self._brake.state
            yield _BRAKE, msgspec.json.encode(self._brake_written)

    def _take_answers(self, record: InputRecord, effects: Effects) -> None:
        answers = read_record(record, read_answers, effects)
        if answers is None:
            return
        key = answers.visitor_id.encode()
        if record.key != key or partition_for(key, self._partitions) != self._partition:
            detail = "The record's key or partition is not the one of its visitor."
            effects.outputs.append(dead_letter(record, DeadLetterReason.WRONG_TYPE, detail))
            effects.count("dead_letters", DeadLetterReason.WRONG_TYPE)
            return
        self._telling.answered(answers, max(0.0, self._now() - record.timestamp / 1_000), effects)

    def _take(self, session: Session, revision: Revision, appended_ms: int | None, effects: Effects) -> None:
        scored = self._score(session, revision, effects)
        if session.merged_into is not None:
            # Its events live on in another session, which has a verdict of its own.
            effects.outputs.append(scored.output())
            self._telling.taken_over(session.session_id, session.end, effects)
            return
        now_s = self._now()
        ask = partial(revision.ask, session, self._patterns)
        judged = self._judge(scored, now_s, effects, ask)
        without = judged.beneath or judged
        held = self._held(session, without, effects)
        judgement = held if judged.beneath is None else replace(judged, beneath=held)
        # People are quicker than a session's end: what they answer about is mostly flagged, and open.
        is_heard = session.final or held.verdict != "allow" or held.trials
        rules = weighed(ask()) if is_heard else ()
        if session.final:
            scored = self._closing.add_unusual(scored, is_held=held is not without)
            for one in rules:
                effects.count("rule_sessions", one.id, _yes(one.in_shadow), _yes(one.is_alone))
        effects.outputs.append(scored.output(held.verdict, held.stage, rules=rules))
        latency_s = max(0.0, now_s - appended_ms / 1_000) if appended_ms is not None else 0.0
        yields = held.verdict != "allow" and is_stronger(session, self._patterns, self._yields_to, ask())
        self._telling.judged(scored, judgement, latency_s, effects, yields=yields)
        if session.final:
            self._close(scored, held, effects, is_held=held is not without, is_answered=judged.beneath is not None)
        elif appended_ms is not None:
            # A closing waits for the watermark by design: its age is no latency.
            effects.observe(latency_s, "event_to_flag_seconds")

    def _score(self, session: Session, revision: Revision, effects: Effects) -> ScoredSession:
        started = perf_counter()
        # Asked for once: the champion may be swapped at any moment.
        champion = self._champion.scorer
        scorer = self._champion.scorer_for(session.visitor_id)
        scored = revision.scored(session, scorer)
        effects.count("cascade_seconds", "model", by=perf_counter() - started)
        effects.count("scores", "none" if scorer is None else "champion" if scorer is champion else "challenger")
        return scored

    def _judge(
        self, scored: ScoredSession, now_s: float, effects: Effects, ask: Callable[[], HeuristicEvidence]
    ) -> Judgement:
        session = scored.session
        judgement = judge(
            session,
            patterns=self._patterns,
            budgets=self._judges.budgets,
            over=self._judges.shared.on(session),
            score=scored.score,
            model=scored.scorer,
            business=self._judges.business,
            shadow=self._settings.shadow,
            now_s=now_s,
            clock=perf_counter,
            answer=self._telling.answer_for(session.session_id, session.visitor_id, session.end),
            yields_to=self._yields_to,
            ask=ask,
        )
        for stage, seconds in judgement.seconds.items():
            effects.count("cascade_seconds", stage, by=seconds)
        for said in judgement.stages:
            effects.count("stage_verdicts", said.stage, said.verdict, _yes(said.stage in self._settings.shadow))
        return judgement

    def _held(self, session: Session, judgement: Judgement, effects: Effects) -> Judgement:
        """The judgement, or what the brake makes of it."""
        last = self._telling.last(session.session_id)
        is_known = last is not None and self._brake.has_counted(*last.without_answers)
        is_flagged = self._brake.would_flag(judgement) and not is_known
        change = self._brake.count(is_new=session.revision == 1, is_flagged=is_flagged)
        if change is not None:
            log.warning("the brake has %s in partition %d: %.1f %% of sessions", change, self._partition, self._share)
        if "business_rule" in self._settings.shadow:
            return judgement
        held = self._brake.hold(judgement)
        if held is not judgement:
            effects.count("verdicts_held_back", judgement.stage, judgement.verdict)
        return held

    @property
    def _share(self) -> float:
        return self._brake.share * 100

    def _close(
        self, scored: ScoredSession, judgement: Judgement, effects: Effects, *, is_held: bool, is_answered: bool
    ) -> None:
        session = scored.session
        self._closing.score_by_others(scored, effects)
        self._closing.watch(scored, effects)
        if is_held and not self._brake.may_ask_about(session.session_id):
            return
        if not is_held:
            # Whether a verdict that the brake held back is right is open: only human labels teach from such a session.
            self._closing.label(session, judgement, self._patterns, effects)
        self._closing.ask(scored, judgement, effects, is_answered=is_answered)

    def _show(self, effects: Effects) -> None:
        effects.count("drift_detected", "input", "score", by=0)  # a series that is there before anything has changed
        buckets, sets = self._judges.shared.remembered
        effects.set(buckets, "limit_subjects", "buckets")
        effects.set(sets, "limit_subjects", "sets")
        self._telling.show(effects)
        effects.set(int(self._brake.is_on), "brake_on", str(self._partition))
        effects.set(self._brake.share, "flagged_share", str(self._partition))
        for reason, count in self._champion.take_refusals().items():
            effects.count("model_refused", reason, by=count)
        scorer = self._champion.scorer
        if scorer is not self._shown:
            if self._shown is not None:
                effects.set(0, "model_version_info", self._shown.ref.id, self._shown.ref.version)
            if scorer is not None:
                effects.set(1, "model_version_info", scorer.ref.id, scorer.ref.version)
            self._shown = scorer


def _versions(header: bytes) -> dict[str, str] | None:
    """Pack to version, as sessionize names them; None where nothing is named, or another writer's header stands."""
    try:
        return _read_packs(header) if header else None
    except msgspec.DecodeError:
        return None


def _yes(is_so: bool) -> str:  # noqa: FBT001 -- it is the question itself
    """As a metric's label."""
    return "true" if is_so else "false"


def _appended_ms(record: InputRecord) -> int | None:
    for name, value in record.headers:
        # Another writer's header may be null, or no number.
        if name == "appended_ms" and value and value.isdigit() and len(value) < _LONGEST_NUMBER:
            return int(value)
    return None
