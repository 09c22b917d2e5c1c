"""The join stage: joins labels with the features of their sessions as scored, and writes training examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.join.human_labels import REPORTER, VISITOR, HumanLabels
from streams.join.match import LabelMatch, SessionRevisions, contradicts, find, may_be_another, session_of, settle
from streams.join.records import ScoredRevision, answered_session, read_scored, training_example
from streams.join.store import JoinStore, read_label
from streams.join.visitor_labels import Powers
from streams.read_record import read_record
from streams.task import Effects, Task
from weir.contracts import AnsweredSession, Label, Review
from weir.contracts.fast import encode
from weir.contracts.label import WITHDRAWN, LabelOutcome, is_report, is_trusted, is_weak, kind_of
from weir.kafka.records import InputRecord, Output
from weir.partitioner import partition_for
from weir.topics import LABELS, REVIEWS, TRAINING

MAXIMUM_LABEL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class JoinTimes:
    """Waiting times in seconds; all but the last are in event time."""

    wait_s: float
    """How long a session waits for labels, and a label for its session."""
    gap_s: float
    """Silence that ends a session."""
    grace_s: float
    """How long after its gap a session waits for late events."""
    idle_timeout_s: float
    """Silence after which event time advances with the wall clock."""


class JoinTask(Task):
    """Stores the scored revisions of each session. A label is joined with one of them at once, or waits.

    Each label is counted with one outcome; a waiting label is counted once more when it is joined or expires. Labels of
    trusted people and visitors' reports also go to `weir.answers` at once, without waiting for their session.

    Args:
        partition: Partition of scores and labels, which are partitioned alike.
        times: Waiting times.
        powers: Whose answers decide, and which verdicts they give.
        partitions: Number of partitions. A label in the wrong one is sent to the right one.
    """

    def __init__(self, partition: int, times: JoinTimes, powers: Powers, partitions: int | None = None) -> None:
        self._partition = partition
        self._partitions = partitions
        self._times = times
        self._store = JoinStore(times.wait_s, times.gap_s + times.grace_s)
        self._powers = powers
        self._human_labels = HumanLabels(powers)

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a state entry."""
        if key[:1] in {VISITOR, REPORTER}:
            self._human_labels.load(key, value)
        else:
            self._store.load(key, value)

    def loaded(self) -> None:
        """Rebuilds the data derived from the entries."""
        self._store.loaded()

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Takes records of scores or labels, and matches labels that are due."""
        for record in records:
            if record.topic.endswith(f".{LABELS.name}") or record.topic == LABELS.name:
                self._take_label(record, effects)
            else:
                self._take_score(record, effects)
            self._match_due(self._store.reached_s, effects)
            for label in self._store.expire():
                _count(label, LabelOutcome.EXPIRED, effects)
            self._human_labels.expire(self._store.reached_s)
        self._show(effects)

    def tick(self, now_s: float, effects: Effects) -> None:
        """Matches labels that are due by silence: event time advances without scores, as in sessionize."""
        scored_at_s = self._store.scored_at_s
        silence_s = now_s - scored_at_s if scored_at_s is not None else 0.0
        if silence_s >= self._times.idle_timeout_s:
            self._match_due(self._store.reached_s + silence_s, effects)
            for label in self._store.due_in_silence():
                self._end_wait(label, self._find(label, float("inf")), effects)
        self._show(effects)

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call."""
        yield from self._store.changes()
        yield from self._human_labels.changes()

    def _show(self, effects: Effects) -> None:
        effects.set(self._store.labels_waiting, "labels_waiting", str(self._partition))

    def _take_score(self, record: InputRecord, effects: Effects) -> None:
        scored = read_record(record, read_scored, effects)
        if scored is None:
            return
        before = self._store.span(scored.session_id)
        # Scores of challenger and learner decided nothing, so labels must not be joined with them.
        if not scored.champion or (before is not None and scored.revision <= before.revision):
            return
        self._store.put(scored, record.timestamp / 1_000)
        for label, _ in self._store.waiting(scored.visitor_id):
            self._end_wait(label, self._find(label), effects)
        self._store.wait_for_silence(scored.visitor_id)

    def _take_label(self, record: InputRecord, effects: Effects) -> None:
        label = read_record(record, read_label, effects, MAXIMUM_LABEL_BYTES)
        if label is None:
            effects.count("labels", "unknown", LabelOutcome.UNREADABLE)
            return
        # Producers of labels may use another key. Only the visitor's partition has the session.
        if self._is_misplaced(label, record):
            effects.outputs.append(Output(LABELS, label.visitor_id.encode(), record.value))
            _count(label, LabelOutcome.REKEYED, effects)
            return
        # A label takes effect at its own time, but not later than its arrival.
        arrived_s = record.timestamp / 1_000
        acts_at_s = min(label.ts, arrived_s)
        if is_report(label.source):
            self._human_labels.add_report(label, acts_at_s, self._session_of(label), self._store.reached_s, effects)
            _count(label, LabelOutcome.REPORTED, effects)
            return
        if label.label == WITHDRAWN:
            self._withdraw(label, arrived_s, effects)
            return
        if is_trusted(label.source, self._powers.human_sources):
            self._human_labels.add_answer(label, acts_at_s, self._session_of(label), self._store.reached_s, effects)
        match = self._find(label)
        if match is not None:
            self._join(label, match, effects)
        else:
            _count(label, self._store.wait(label, record.value or b"", record.timestamp / 1_000), effects)
            self._store.wait_for_silence(label.visitor_id)

    def _is_misplaced(self, label: Label, record: InputRecord) -> bool:
        key = label.visitor_id.encode()
        if record.key != key:
            return True
        return self._partitions is not None and partition_for(key, self._partitions) != self._partition

    def _withdraw(self, label: Label, arrived_s: float, effects: Effects) -> None:
        named: set[str] = set()
        if label.session_id is not None:
            span = session_of(label, self._store.spans(label.visitor_id))
            named = {label.session_id} | ({span.session_id} if span is not None else set())
        for one in (label, *self._store.withdraw(label, arrived_s)):
            _count(one, LabelOutcome.WITHDRAWN, effects)
        self._human_labels.withdraw(label, min(label.ts, arrived_s), self._store.reached_s, effects, named)

    def _session_of(self, label: Label) -> AnsweredSession | None:
        """The session that a label is about, as scored by now; None while it may be about another one."""
        span = session_of(label, self._store.spans(label.visitor_id))
        if span is None or may_be_another(label, span, self._store.reached_s, self._times.gap_s):
            return None
        return answered_session(self._store.scored(span.session_id, span.revision))

    def _find(self, label: Label, clock_s: float | None = None, *, is_settled: bool = False) -> LabelMatch | None:
        store = self._store
        reached_s = store.reached_s if clock_s is None else clock_s
        return find(label, store.spans(label.visitor_id), reached_s, self._times.gap_s, is_settled=is_settled)

    def _match_due(self, clock_s: float, effects: Effects) -> None:
        for label, is_settled in self._store.due(clock_s):
            match = self._find(label, clock_s, is_settled=is_settled)
            if match is None:
                self._store.found_no_revision(label, is_settled=is_settled)
            self._end_wait(label, match, effects)

    def _end_wait(self, label: Label, match: LabelMatch | None, effects: Effects) -> None:
        if match is not None:
            self._store.end_wait(label)
            self._join(label, match, effects)

    def _join(self, label: Label, match: LabelMatch, effects: Effects) -> None:
        span = match.span
        if is_trusted(label.source, self._powers.human_sources):
            session = answered_session(self._store.scored(span.session_id, span.revision))
            if session is not None:
                self._human_labels.attach_session(label, label.ts, session, self._store.reached_s, effects)
        labels_given = self._store.labels_given(span.session_id)
        outcome = settle(label, labels_given)
        _count(label, outcome, effects)
        if outcome in {LabelOutcome.OUTRANKED, LabelOutcome.OUTDATED}:
            return
        self._store.add_label(span.session_id, label)
        if outcome is not LabelOutcome.JOINED:
            return
        scored = self._store.scored(span.session_id, match.revision)
        _count_rules(scored, label, effects)
        key, value = training_example(scored, label)
        effects.outputs.append(Output(TRAINING, key, value))
        if contradicts(label, labels_given):
            self._request_review(label, span, effects)

    def _request_review(self, label: Label, span: SessionRevisions, effects: Effects) -> None:
        review = Review(
            session_id=span.session_id,
            visitor_id=span.visitor_id,
            ts=label.ts,
            why="conflict",
            score=None,
            reasons=[],
        )
        effects.outputs.append(Output(REVIEWS, span.session_id.encode(), encode(review)))
        effects.count("reviews", "conflict")


def _count_rules(scored: ScoredRevision, label: Label, effects: Effects) -> None:
    """Counts a human label for each heuristic rule that held in the session."""
    if is_weak(label.source):
        return
    for rule in scored.rules:
        effects.count("rule_answers", rule, "true" if rule in scored.rules_alone else "false", label.label)


def _count(label: Label, outcome: LabelOutcome, effects: Effects) -> None:
    effects.count("labels", kind_of(label.source), outcome)
