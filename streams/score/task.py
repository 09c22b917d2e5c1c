"""The score stage: scores and judges each revision of a session, and publishes new verdicts."""

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
from streams.score.deciding_answers import read_answers
from streams.score.judges import Judges
from streams.score.revisions import LastRevisions, Revision
from streams.score.scored import ScoredSession
from streams.score.shared_limits import SharedLimits
from streams.score.verdict_publisher import ANSWERS_ENTRY, VERDICT_ENTRY, VerdictPublisher
from streams.task import Effects, Task
from weir.contracts import Session
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import decoder
from weir.kafka.records import InputRecord
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import ANSWERS

# A header is untrusted: `int` of a very long digit string is slow, and raises beyond 4300 digits.
_LONGEST_NUMBER = 20
_CROSSED, _BRAKE = b"a", b"b"
"""Types of state entries beside the verdict publisher's: a published crossing of an address's or account's limit; the
brake on verdicts."""
_read_session = decoder(Session)
_read_packs = msgspec.json.Decoder(dict[str, str]).decode
_read_brake = msgspec.json.Decoder(BrakeState)
log = logging.getLogger("weir.score")


class ScoreTask(Task):
    """Reads sessions and answers; writes scores, flags, reviews, weak labels and limits.

    The state contains the last verdict on each flagged session, until the session is final and the verdict has ended.
    Half-space trees, drift statistics and the cache of revisions are not part of it: a new task begins without them.

    Args:
        partition: Partition of the sessions.
        partitions: Number of partitions. Limits of an address or account are published by one of them.
        settings: Stages in shadow, weak labels, shares of sessions to review, whether half-space trees score.
        judges: Patterns, budgets, rules and models of the cascade.
        now: Wall time in seconds since the epoch, for latencies and the expiry of business rules.
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
        self._publisher = VerdictPublisher(partition, settings)
        self._yields_to = evidence_of(settings.answer_yields_to)
        self._reached_s = 0.0
        self._shown: Scorer | None = None

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a published verdict, a visitor's answers, the brake, or a published limit."""
        if key[:1] in {VERDICT_ENTRY, ANSWERS_ENTRY}:
            self._publisher.load(key, value)
        elif key[:1] == _BRAKE:
            self._brake_written = _read_brake.decode(value)
            self._brake = Brake(self._judges.business.ceiling, self._judges.business.version, self._brake_written)
        else:
            self._limits.load(key[1:], value)

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Scores and judges each session record, and applies each record of answers."""
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
        self._publisher.expire(self._reached_s)
        self._limits.publish(self._judges.shared, effects)
        self._show(effects)

    def _judge_by(self, record: InputRecord) -> None:
        """Selects the patterns in the pack versions that the record names; no others influence its verdict."""
        if self._judges.packs_of is None:
            return
        named = next((value for name, value in record.headers if name == "packs"), b"")
        if named and named == self._packs_named:
            return
        versions = _versions(named)
        self._patterns = self._judges.packs_of(versions)
        # If a named version has not arrived yet, other versions stand in for it. It may arrive at any time, so the next
        # record looks for it again.
        is_found = versions is not None and dict(self._patterns.versions) == versions
        self._packs_named = named if is_found else b""

    def tick(self, now_s: float, effects: Effects) -> None:  # noqa: ARG002 -- nothing here waits for a time
        """Publishes limits of addresses and accounts that input of other partitions crossed."""
        self._limits.publish(self._judges.shared, effects)
        self._show(effects)

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call."""
        yield from self._publisher.changes()
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
        self._publisher.apply_answers(answers, max(0.0, self._now() - record.timestamp / 1_000), effects)

    def _take(self, session: Session, revision: Revision, appended_ms: int | None, effects: Effects) -> None:
        scored = self._score(session, revision, effects)
        if session.merged_into is not None:
            # The session's events belong to another session now, and that session gets its own verdict.
            effects.outputs.append(scored.output())
            self._publisher.forget_merged(session.session_id, session.end, effects)
            return
        now_s = self._now()
        ask = partial(revision.ask, session, self._patterns)
        judged = self._judge(scored, now_s, effects, ask)
        without = judged.beneath or judged
        held = self._apply_brake(session, without, effects)
        judgement = held if judged.beneath is None else replace(judged, beneath=held)
        # Most human labels are given while their session is flagged and open, so the score of such a revision names the
        # rules that held, as a final one does.
        needs_rules = session.final or held.verdict != "allow" or held.trials
        rules = weighed(ask()) if needs_rules else ()
        if session.final:
            scored = self._closing.add_unusual(scored, is_held=held is not without)
            for one in rules:
                effects.count("rule_sessions", one.id, _as_label(one.in_shadow), _as_label(one.is_alone))
        effects.outputs.append(scored.output(held.verdict, held.stage, rules=rules))
        latency_s = max(0.0, now_s - appended_ms / 1_000) if appended_ms is not None else 0.0
        yields = held.verdict != "allow" and is_stronger(session, self._patterns, self._yields_to, ask())
        self._publisher.publish_judgement(scored, judgement, latency_s, effects, yields=yields)
        if session.final:
            self._close(scored, held, effects, is_held=held is not without, is_answered=judged.beneath is not None)
        elif appended_ms is not None:
            # The final revision waits for the watermark by design, so its age is not a latency.
            effects.observe(latency_s, "event_to_flag_seconds")

    def _score(self, session: Session, revision: Revision, effects: Effects) -> ScoredSession:
        started = perf_counter()
        # Read once: another thread may swap the champion at any moment.
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
            answer=self._publisher.deciding_answer(session.session_id, session.visitor_id, session.end),
            yields_to=self._yields_to,
            ask=ask,
        )
        for stage, seconds in judgement.seconds.items():
            effects.count("cascade_seconds", stage, by=seconds)
        for one in judgement.stages:
            effects.count("stage_verdicts", one.stage, one.verdict, _as_label(one.stage in self._settings.shadow))
        return judgement

    def _apply_brake(self, session: Session, judgement: Judgement, effects: Effects) -> Judgement:
        """The judgement, made milder if the brake is on."""
        last = self._publisher.last_verdict(session.session_id)
        is_known = last is not None and self._brake.has_counted(*last.without_answers)
        is_flagged = self._brake.would_flag(judgement) and not is_known
        change = self._brake.count(is_new=session.revision == 1, is_flagged=is_flagged)
        if change is not None:
            log.warning("brake %s: partition=%d flagged_percent=%.1f", change, self._partition, self._share)
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
            # A verdict that the brake held back may be wrong, so it must not become a weak label. Only human labels
            # teach from such a session.
            self._closing.label(session, judgement, self._patterns, effects)
        self._closing.ask(scored, judgement, effects, is_answered=is_answered)

    def _show(self, effects: Effects) -> None:
        effects.count("drift_detected", "input", "score", by=0)  # the series must exist before the first drift
        buckets, sets = self._judges.shared.remembered
        effects.set(buckets, "limit_subjects", "buckets")
        effects.set(sets, "limit_subjects", "sets")
        self._publisher.set_gauges(effects)
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
    """Pack to version, as sessionize writes them; None without a header, or with one that is not sessionize's."""
    try:
        return _read_packs(header) if header else None
    except msgspec.DecodeError:
        return None


def _as_label(is_so: bool) -> str:  # noqa: FBT001 -- it is the question itself
    """The value of a metric's label."""
    return "true" if is_so else "false"


def _appended_ms(record: InputRecord) -> int | None:
    for name, value in record.headers:
        # A record of another producer may have a null or non-numeric header of this name.
        if name == "appended_ms" and value and value.isdigit() and len(value) < _LONGEST_NUMBER:
            return int(value)
    return None
