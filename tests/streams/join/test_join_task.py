from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import FEATURES_VERSION, features, features_hash
from streams.join import store
from streams.join.store import read_label
from streams.join.task import JoinTask, JoinTimes
from streams.join.visitor_labels import Powers
from streams.task import Effects
from tests.support.sessions import make_session
from weir.contracts import Label, Score, TrainingExample
from weir.contracts.fast import encode
from weir.contracts.score import ModelRef
from weir.kafka.records import LogRecord, Output
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import DEAD_LETTER, LABELS, REVIEWS, TRAINING

WAIT_S = 1_000.0
POWERS = Powers.of(Settings())
TIMES = JoinTimes(WAIT_S, gap_s=50.0, grace_s=10.0, idle_timeout_s=20.0)


def score(session_id: str = "s1", revision: int = 1, **changed: Any) -> LogRecord:  # noqa: ANN401 -- any field
    """A record of scores; times are small numbers, features differ by revision."""
    found = features(make_session(events=revision))
    fields: dict[str, Any] = {
        "session_id": session_id,
        "visitor_id": "v1",
        "revision": revision,
        "ts": 100.0 + revision,
        "start": 100.0,
        "final": False,
        "features": found,
        "features_version": FEATURES_VERSION,
        "features_hash": features_hash(found),
        "score": 0.1 + 0.2,
        "model": ModelRef(id="sessions", version="7"),
        "champion": True,
    }
    record = Score.model_validate(fields | changed)
    return LogRecord("weir.scores", 0, 0, 0, record.visitor_id.encode(), encode(record))


def label(**changed: Any) -> LogRecord:  # noqa: ANN401 -- any field
    """A record of labels, appended at its time."""
    fields: dict[str, Any] = {"visitor_id": "v1", "session_id": "s1", "ts": 500.0, "label": "bad", "source": "ana"}
    record = Label.model_validate(fields | changed)
    at_ms = round(float(record.ts) * 1_000)
    return LogRecord("weir.labels", 0, 0, at_ms, record.visitor_id.encode(), encode(record))


def fold(task: JoinTask, *records: LogRecord) -> Effects:
    effects = Effects()
    for record in records:
        task.process([record], effects)
    return effects


def joined(effects: Effects) -> list[TrainingExample]:
    return [
        TrainingExample.model_validate_json(output.value or b"")
        for output in effects.outputs
        if output.topic == TRAINING
    ]


def outcomes(effects: Effects) -> dict[str, float]:
    found: Counter[str] = Counter()
    for (name, labels), count in effects.counts.items():
        if name == "labels":
            found[labels[1]] += count
    return dict(found)


@pytest.mark.parametrize("place", range(4))
def test_a_label_joins_the_last_scored_revision_that_ended_by_its_time_whenever_it_comes(place: int) -> None:
    history = [score(revision=1), score(revision=2), score(revision=4), score(revision=5, final=True)]
    history.insert(place, label(ts=102.5))
    effects = fold(JoinTask(0, TIMES, POWERS), *history)
    (example,) = joined(effects)
    assert example.features["events"] == 2
    assert (example.score, example.model) == (0.1 + 0.2, ModelRef(id="sessions", version="7"))
    assert (example.label, example.source, example.weight, example.labelled_at) == ("bad", "ana", 1.0, 102.5)
    assert outcomes(effects)["joined"] == 1


def test_a_label_waits_until_it_is_known_which_revision_was_the_last_by_its_time() -> None:
    task = JoinTask(0, TIMES, POWERS)
    assert not joined(fold(task, score(revision=1), score(revision=2), label(ts=500.0)))
    (example,) = joined(fold(task, score(revision=4), score(revision=5, final=True)))
    assert example.features["events"] == 5


def test_a_label_older_than_all_that_was_scored_joins_nothing_and_expires() -> None:
    task = JoinTask(0, TIMES, POWERS)
    assert not joined(fold(task, score(revision=3, final=True), label(ts=0.0), label(ts=102.9, source="ben")))
    effects = fold(task, score("s9", visitor_id="v9", ts=WAIT_S + 200.0))
    assert outcomes(effects) == {"expired": 2}


def test_of_a_session_that_was_split_no_revision_of_the_whole_is_joined() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score(revision=4, ts=200.0), score(revision=8, ts=300.0), score(revision=9, ts=150.0, final=True))
    (example,) = joined(fold(task, label(ts=250.0)))
    assert example.features["events"] == 9


def test_earlier_revisions_of_a_session_are_bounded_and_forgotten_with_it() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, *(score(revision=number) for number in range(1, 100)))
    kept = {key for key, value in task.changes() if key[:1] == b"e" and value is not None}
    assert len(kept) == store.MOST_EARLIER
    fold(task, score("s2", visitor_id="v2", ts=WAIT_S + 300.0, start=WAIT_S + 290.0))
    assert kept <= {key for key, value in task.changes() if value is None}


def test_training_sees_the_very_bytes_that_were_scored() -> None:
    class Raw(msgspec.Struct):
        features: msgspec.Raw

    scored = score(revision=3, final=True)
    assert scored.value is not None
    (output,) = fold(JoinTask(0, TIMES, POWERS), scored, label()).outputs
    assert output.value is not None
    as_scored = bytes(msgspec.json.decode(scored.value, type=Raw).features)
    assert bytes(msgspec.json.decode(output.value, type=Raw).features) == as_scored
    assert features_hash(json.loads(as_scored)) == Score.model_validate_json(scored.value).features_hash
    assert output.key == TrainingExample.model_validate_json(output.value).example_id.encode()


def test_a_candidates_score_is_not_joined() -> None:
    assert not joined(fold(JoinTask(0, TIMES, POWERS), score(champion=False), label()))


def test_a_label_for_a_session_that_another_took_over_is_the_others() -> None:
    task = JoinTask(0, TIMES, POWERS)
    first: dict[str, Any] = {"session_id": "first", "start": 90.0}
    other: dict[str, Any] = {"session_id": "other", "start": 95.0}
    fold(task, score(revision=1, **first), score(revision=1, **other))
    fold(task, score(revision=5, **first, final=True), score(revision=2, **other, final=True, merged_into="first"))
    effects = fold(task, label(session_id="other"), label(session_id=None, source="ben", ts=150.0))
    assert [(example.session_id, example.features["events"]) for example in joined(effects)] == [("first", 5.0)] * 2
    assert outcomes(effects) == {"joined": 2}


def test_a_label_for_a_session_taken_over_waits_for_the_one_that_took_it() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score(revision=2, session_id="other", final=True, merged_into="first"))
    assert outcomes(fold(task, label(session_id="other"))) == {"waiting": 1}
    (example,) = joined(fold(task, score(revision=4, session_id="first", ts=499.0, final=True)))
    assert example.session_id == "first"


def test_records_that_name_each_other_end_nothing_but_the_search() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score(session_id="a", merged_into="b"), score(session_id="b", merged_into="a"))
    assert outcomes(fold(task, label(session_id="a"))) == {"waiting": 1}


def test_of_a_split_session_the_part_is_meant_that_was_open_then_or_that_is_named() -> None:
    task = JoinTask(0, TIMES, POWERS)
    first: dict[str, Any] = {"session_id": "first", "start": 100.0, "ts": 200.0, "final": True, "revision": 8}
    fold(task, score(**first | {"ts": 140.0, "revision": 6, "final": False}), score(**first))
    fold(task, score(session_id="second", start=201.0, ts=240.0, revision=3, final=True))
    at_150, at_250 = label(session_id=None, ts=150.0), label(session_id=None, ts=250.0)
    assert [example.session_id for example in joined(fold(task, at_150, at_250))] == ["first", "second"]
    (named,) = joined(fold(task, label(session_id="first", ts=400.0, source="ben")))
    assert named.session_id == "first"


@pytest.mark.parametrize("delay_s", [60.0, 86_400.0, 14 * 86_400.0])
def test_a_label_may_come_minutes_or_weeks_later(delay_s: float) -> None:
    task = JoinTask(0, replace(TIMES, wait_s=30 * 86_400.0), POWERS)
    fold(task, score(final=True), score(session_id="somebody-else", visitor_id="v2", ts=100.0 + delay_s))
    assert outcomes(fold(task, label(ts=100.0 + delay_s))) == {"joined": 1}


def test_an_example_tells_what_the_cascade_had_said() -> None:
    (example,) = joined(fold(JoinTask(0, TIMES, POWERS), score(verdict="throttle", final=True), label()))
    assert example.verdict == "throttle"


def test_peoples_answers_count_for_the_rules_that_held_and_weak_ones_for_none() -> None:
    task = JoinTask(0, replace(TIMES, wait_s=3_600.0), POWERS)
    fold(task, score(rules=["a", "b"], rules_alone=["b"], final=True))
    said = fold(task, label(source="weak:purchase"), label(label="bad", source="ann"))
    assert {labels: by for (name, labels), by in said.counts.items() if name == "rule_answers"} == {
        ("a", "false", "bad"): 1,
        ("b", "true", "bad"): 1,
    }


def test_an_early_label_waits_for_the_final_revision() -> None:
    task = JoinTask(0, TIMES, POWERS)
    early = fold(task, label())
    assert outcomes(early) == {"waiting": 1}
    assert not joined(fold(task, score(revision=1)))
    (example,) = joined(fold(task, score(revision=2, final=True)))
    assert example.features["events"] == 2


def test_a_weak_label_is_about_the_final_revision_even_if_it_comes_first() -> None:
    task = JoinTask(0, TIMES, POWERS)
    weak = label(source="weak:purchase", label="good", ts=108.0)
    assert not joined(fold(task, score(revision=4), weak))
    (example,) = joined(fold(task, score(revision=8, final=True)))
    assert example.features["events"] == 8


class TestWithoutASessionId:
    def test_the_session_that_was_open_then_is_meant(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score("s1", start=100.0, ts=105.0), score("s1", revision=2, start=100.0, ts=120.0, final=True))
        fold(task, score("s2", start=200.0, ts=201.0), score("s2", revision=2, start=200.0, ts=220.0, final=True))
        assert joined(fold(task, label(session_id=None, ts=110.0)))[0].session_id == "s1"
        assert joined(fold(task, label(session_id=None, ts=205.0)))[0].session_id == "s2"

    def test_a_session_that_goes_on_is_waited_for(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        assert not joined(fold(task, score("s1", ts=120.0), label(session_id=None, ts=140.0)))
        assert joined(fold(task, score("s1", revision=2, ts=120.0, final=True)))[0].session_id == "s1"

    def test_between_two_sessions_the_last_before_is_meant(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score("s1", start=100.0, ts=120.0, final=True), score("s2", start=200.0, ts=220.0, final=True))
        assert joined(fold(task, label(session_id=None, ts=150.0)))[0].session_id == "s1"

    def test_it_waits_until_the_scores_have_come_so_far(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        assert not joined(fold(task, score("s1", ts=120.0, final=True), label(session_id=None, ts=205.0)))
        (example,) = joined(fold(task, score("s2", start=200.0, ts=204.0, final=True)))
        assert example.session_id == "s2"

    def test_no_other_session_can_have_begun_within_a_gap_of_the_last(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        assert joined(fold(task, score("s1", ts=120.0, final=True), label(session_id=None, ts=169.0)))

    def test_it_is_looked_at_when_other_visitors_scores_have_come_so_far(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score("s1", ts=120.0, final=True), label(session_id=None, ts=205.0))
        effects = fold(task, score("s2", visitor_id="v2", start=206.0, ts=206.0))
        assert joined(effects)[0].session_id == "s1"

    def test_when_nothing_comes_it_takes_what_there_is(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        # Scores are appended at 0 here, so that wall time is what passed since then.
        fold(task, score("s1", ts=120.0, final=True), label(session_id=None, ts=205.0))
        soon, late = Effects(), Effects()
        task.tick(19.0, soon)
        task.tick(21.0, late)
        assert not joined(soon)
        assert joined(late)[0].session_id == "s1"

    def test_weeks_later_it_joins_once_no_score_is_on_its_way(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score("s1", ts=120.0, final=True), label(session_id=None, ts=900.0))
        fold(task, label(session_id=None, visitor_id="v2", ts=900.0))
        fold(
            task, score("s2", visitor_id="v2", ts=130.0), score("s2", revision=2, visitor_id="v2", ts=130.0, final=True)
        )
        soon, late = Effects(), Effects()
        task.tick(19.0, soon)
        task.tick(21.0, late)
        assert not joined(soon)
        assert {example.session_id for example in joined(late)} == {"s1", "s2"}

    def test_a_session_whose_final_never_comes_is_taken_as_it_is_after_gap_and_grace(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score("s1", ts=120.0), label(session_id=None, ts=140.0))
        soon, late = Effects(), Effects()
        task.tick(140.0 - 120.0 + 59.0, soon)
        task.tick(140.0 - 120.0 + 61.0, late)
        assert not joined(soon)
        assert joined(late)[0].session_id == "s1"

    def test_before_any_session_of_the_visitor_it_expires(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(), label(session_id=None, ts=50.0))
        effects = fold(task, score("s9", ts=1_051.0))
        assert not joined(effects)
        assert outcomes(effects) == {"expired": 1}


@pytest.mark.parametrize(
    ("first", "second", "outcome", "examples"),
    [
        ({}, {}, "repeated", 1),
        ({}, {"ts": 501.0}, "repeated", 1),
        ({}, {"ts": 501.0, "label": "good"}, "joined", 2),
        ({}, {"ts": 499.0, "label": "good"}, "outdated", 1),
        ({}, {"source": "weak:purchase", "label": "good"}, "outranked", 1),
        ({"source": "weak:purchase", "label": "good"}, {}, "joined", 2),
        ({}, {"source": "ben", "label": "good"}, "joined", 2),
    ],
)
def test_contradictions_are_resolved_in_a_stated_order(
    first: dict[str, Any], second: dict[str, Any], outcome: str, examples: int
) -> None:
    task = JoinTask(0, TIMES, POWERS)
    effects = fold(task, score(revision=1, final=True), label(**first))
    last = fold(task, label(**second))
    assert outcomes(last) == {outcome: 1}
    assert len(joined(effects) + joined(last)) == examples


def test_people_who_contradict_each_other_are_asked_again() -> None:
    effects = fold(JoinTask(0, TIMES, POWERS), score(final=True), label(), label(source="ben", label="good"))
    (review,) = [output for output in effects.outputs if output.topic == REVIEWS]
    assert review.key == b"s1"
    assert effects.counts["reviews", ("conflict",)] == 1


def test_a_label_of_a_time_that_is_yet_to_come_waits_no_longer_than_others() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, replace(label(session_id=None, ts=4e9), timestamp=0))
    restored = JoinTask(0, TIMES, POWERS)
    for key, value in dict(task.changes()).items():
        restored.load(key, value or b"")
    restored.loaded()
    for one in (task, restored):
        late = fold(one, score("s2", visitor_id="other", ts=WAIT_S + 400.0))
        assert outcomes(late) == {"expired": 1.0}


def test_a_session_waits_only_so_long() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score("s1", ts=100.0, final=True), label(ts=101.0))
    changed = dict(task.changes())
    assert set(changed) == {b"ss1", b"gs1", b"t"}
    fold(task, score("s2", visitor_id="v2", ts=1_101.0, start=1_100.0))
    assert {key for key, value in task.changes() if value is None} == {b"ss1", b"gs1"}
    assert outcomes(fold(task, label())) == {"waiting": 1}


def test_a_session_that_grew_waits_from_its_last_revision_on() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, *(score("s1", revision=number, ts=100.0 * number, final=number == 8) for number in range(1, 9)))
    assert len(task._store._ends) == 1
    fold(task, score("s2", visitor_id="v2", ts=1_799.0, start=1_799.0))
    assert outcomes(fold(task, label(ts=800.0))) == {"joined": 1}
    fold(task, score("s2", visitor_id="v2", revision=2, ts=1_801.0, start=1_799.0))
    assert outcomes(fold(task, label(ts=801.0))) == {"waiting": 1}


def test_labels_of_one_visitor_do_not_pile_up() -> None:
    task = JoinTask(0, TIMES, POWERS)
    found = outcomes(fold(task, *(label(ts=float(ts)) for ts in range(500))))
    assert found == {"waiting": 64, "overflowed": 436}


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"visitor_id": "v"}', b"\xff", b"[" * 5_000, b'"NaN"'])
def test_what_is_no_label_goes_to_the_dead_letters(value: bytes | None) -> None:
    effects = fold(JoinTask(0, TIMES, POWERS), LogRecord("weir.labels", 0, 7, 0, b"v1", value))
    (letter,) = effects.outputs
    assert (letter.topic, letter.value) == (DEAD_LETTER, value)
    assert outcomes(effects) == {"unreadable": 1}
    (reason,) = [value for name, value in letter.headers if name == "reason"]
    assert effects.counts["dead_letters", (reason.decode(),)] == 1


def test_a_label_that_lies_elsewhere_is_sent_to_its_visitors_partition() -> None:
    partition = partition_for(b"v1", 4)
    plain = label()
    assert joined(fold(JoinTask(partition, TIMES, POWERS, 4), score(final=True), plain))
    for task, record in (
        (JoinTask((partition + 1) % 4, TIMES, POWERS, 4), plain),
        (JoinTask(partition, TIMES, POWERS, 4), LogRecord(plain.topic, 0, 0, 0, None, plain.value)),
    ):
        effects = fold(task, score(), record)
        assert effects.outputs == [Output(LABELS, b"v1", plain.value)]
        assert outcomes(effects) == {"rekeyed": 1}


SESSIONS = st.sampled_from(["s1", "s2", "s3"])
VISITORS = {"s1": "v1", "s2": "v1", "s3": "v2"}
MOMENTS = st.integers(0, 3_000).map(float)


@st.composite
def histories(draw: st.DrawFn) -> list[LogRecord]:
    """Scores and labels in any order that Kafka may bring them in."""
    history = []
    revisions: Counter[str] = Counter()
    for _ in range(draw(st.integers(1, 25))):
        session_id = draw(SESSIONS)
        ts = draw(MOMENTS)
        if draw(st.booleans()):
            revisions[session_id] += 1
            history.append(
                score(
                    session_id,
                    revisions[session_id],
                    visitor_id=VISITORS[session_id],
                    ts=ts,
                    start=ts / 2,
                    final=draw(st.booleans()),
                )
            )
        else:
            history.append(
                label(
                    visitor_id=VISITORS[session_id],
                    session_id=draw(st.sampled_from([session_id, None])),
                    ts=ts,
                    label=draw(st.sampled_from(["good", "bad", "withdrawn"])),
                    source=draw(st.sampled_from(["ana", "ben", "weak:purchase", "report:v7"])),
                )
            )
    return history


def runs(history: Sequence[LogRecord]) -> list[list[LogRecord]]:
    """Stretches of one topic, as the engine hands them over."""
    found: list[list[LogRecord]] = []
    for record in history:
        if found and found[-1][0].topic == record.topic:
            found[-1].append(record)
        else:
            found.append([record])
    return found


@given(histories())
def test_each_label_has_an_outcome_and_each_example_a_scored_revision(history: list[LogRecord]) -> None:
    task, effects = JoinTask(0, TIMES, POWERS), Effects()
    scored: set[tuple[str, bytes]] = set()
    for run in runs(history):
        before = len(joined(effects))
        for record in run:
            if record.topic == "weir.scores":
                found = Score.model_validate_json(record.value or b"")
                scored.add((found.session_id, encode(found.features)))
        task.process(run, effects)
        for example in joined(effects)[before:]:
            assert (example.session_id, encode(example.features)) in scored
    counted = outcomes(effects)
    labels = sum(record.topic == "weir.labels" for record in history)
    # What waited is counted once more when its wait is over, unless its source took it back.
    still = sum(key[:1] == b"w" and value is not None for key, value in task.changes())
    withdrawn = labels + counted.get("waiting", 0) - still - sum(counted.values())
    assert 0 <= withdrawn <= counted.get("waiting", 0)
    assert withdrawn == 0 or counted["withdrawn"] > 0
    identities = [example.example_id for example in joined(effects)]
    assert len(identities) == counted.get("joined", 0)


@given(histories(), st.data())
def test_neither_batches_nor_restarts_change_what_is_joined(history: list[LogRecord], data: st.DataObject) -> None:
    whole = Effects()
    straight = JoinTask(0, TIMES, POWERS)
    for record in history:
        straight.process([record], whole)
    cut = data.draw(st.integers(0, len(history)))
    first, second, effects = JoinTask(0, TIMES, POWERS), JoinTask(0, TIMES, POWERS), Effects()
    for run in runs(history[:cut]):
        first.process(run, effects)
    entries = [(key, value) for key, value in first.changes() if value is not None]
    for key, value in data.draw(st.permutations(entries)):
        second.load(key, value)
    second.loaded()
    for run in runs(history[cut:]):
        second.process(run, effects)
    assert [output.value for output in effects.outputs] == [output.value for output in whole.outputs]
    assert effects.counts == whole.counts


def reads_of_labels(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Gets each waiting label that is decoded from here on."""
    read: list[bytes] = []

    def noted(value: bytes) -> Label:
        read.append(value)
        return read_label(value)

    monkeypatch.setattr(store, "read_label", noted)
    return read


def test_a_tick_reads_no_label_that_is_not_due_or_was_tried_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, *(label(visitor_id=f"v{n}", session_id=f"s{n}") for n in range(5_000)))
    fold(task, score("s", visitor_id="somebody", ts=490.0, start=490.0))
    read = reads_of_labels(monkeypatch)
    effects = Effects()
    task.tick(9.0, effects)
    assert read == []
    # Each is tried when its time has come, and when a session of that time has closed, a bounded number at a time; and
    # not again until its visitor is scored.
    for now_s in (*range(20, 25), *range(75, 85)):
        task.tick(float(now_s), effects)
    assert len(read) == 10_000
    assert outcomes(effects) == {}
    read.clear()
    joined_now = fold(task, score("s7", visitor_id="v7", start=400.0, ts=450.0))
    task.tick(600.0, joined_now)
    assert len(joined(joined_now)) == 1
    assert len(read) < 5


@pytest.mark.parametrize("first_tried", [False, True])
@pytest.mark.parametrize("most", [1, 1_000])
def test_labels_that_are_due_at_once_join_in_the_order_of_their_time(
    monkeypatch: pytest.MonkeyPatch, most: int, *, first_tried: bool
) -> None:
    monkeypatch.setattr(store, "MOST_A_TICK", most)
    task, effects = JoinTask(0, TIMES, POWERS), Effects()
    # All came within one millisecond, the newest first, and are of times that the session has not reached.
    given = [label(ts=400.0 - ts, label="good" if ts % 2 else "bad") for ts in range(32)]
    fold(task, score("s", visitor_id="somebody", ts=300.0, start=300.0))
    fold(task, *(replace(one, timestamp=500_000) for one in given))
    if first_tried:
        for tick in range(80):
            task.tick(520.0 + tick, effects)
    fold(task, score())
    for tick in range(80):
        task.tick(600.0 + tick, effects)
    assert outcomes(effects) == {"joined": 32}
    assert [example.labelled_at for example in joined(effects)] == [float(ts) for ts in range(369, 401)]


def test_a_tick_looks_at_a_bounded_number_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score("s", visitor_id="somebody", ts=490.0, start=490.0))
    fold(task, *(label(visitor_id=f"v{n}", session_id=f"s{n}") for n in range(store.MOST_A_TICK + 10)))
    read = reads_of_labels(monkeypatch)
    task.tick(30.0, Effects())
    assert len(read) == store.MOST_A_TICK
    task.tick(30.25, Effects())
    assert len(read) == store.MOST_A_TICK + 10


def test_labels_that_wait_are_counted_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_WAITING_IN_ALL", 3)
    task = JoinTask(2, TIMES, POWERS)
    effects = fold(task, *(label(visitor_id=f"v{n}", session_id=f"s{n}") for n in range(5)))
    assert outcomes(effects) == {"waiting": 3, "overflowed": 2}
    assert effects.gauges["labels_waiting", ("2",)] == 3
    # One that joins makes room.
    effects = fold(task, score("s1", visitor_id="v1", final=True))
    assert outcomes(effects) == {"joined": 1}
    assert effects.gauges["labels_waiting", ("2",)] == 2
    assert outcomes(fold(task, label(visitor_id="v9", session_id="s9"))) == {"waiting": 1}


def test_labels_that_waited_before_a_restart_are_tried_after_it() -> None:
    before = JoinTask(0, TIMES, POWERS)
    fold(before, score(), label(session_id="later", ts=101.0, visitor_id="v1"))
    after = JoinTask(0, TIMES, POWERS)
    for key, value in before.changes():
        assert value is not None
        after.load(key, value)
    after.loaded()
    effects = fold(after, score("later", ts=100.5))
    assert outcomes(effects) == {}
    after.tick(70.0, effects)
    assert outcomes(effects) == {"joined": 1}


def test_a_source_that_is_no_name_is_a_dead_letter() -> None:
    value = encode(Label(visitor_id="v1", ts=1.0, label="bad", source="ana")).replace(
        b'"ana"', b'"%s"' % (b"a" * 10_000)
    )
    effects = fold(JoinTask(0, TIMES, POWERS), LogRecord("weir.labels", 0, 0, 0, b"v1", value))
    assert outcomes(effects) == {"unreadable": 1}
    assert [output.topic for output in effects.outputs] == [DEAD_LETTER]


def test_two_labels_of_one_moment_for_two_sessions_join_one_each() -> None:
    task = JoinTask(0, TIMES, POWERS)
    fold(task, score("s1", ts=120.0, final=True), score("s2", start=300.0, ts=310.0, final=True))
    effects = fold(task, label(session_id="s1", ts=400.0), label(session_id="s2", ts=400.0))
    assert [example.session_id for example in joined(effects)] == ["s1", "s2"]


def withdrawal(**changed: Any) -> LogRecord:  # noqa: ANN401 -- any field
    return replace(label(**{"label": "withdrawn", "ts": 600.0} | changed), timestamp=700_000)


class TestWithdrawal:
    @pytest.mark.parametrize("session_id", ["s1", None])
    def test_what_waits_is_never_learned(self, session_id: str | None) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, label(), label(source="ben", ts=550.0))
        effects = fold(task, withdrawal(session_id=session_id))
        assert outcomes(effects) == {"withdrawn": 2}, "of the withdrawal, and of the label that waited"
        assert effects.gauges["labels_waiting", ("0",)] == 1
        assert [example.source for example in joined(fold(task, score(final=True)))] == ["ben"]

    @pytest.mark.parametrize(
        "other",
        [{"source": "ben"}, {"session_id": "s2"}, {"ts": 499.0}, {"visitor_id": "v2"}, {"source": "report:ana"}],
    )
    def test_a_withdrawal_of_something_else_leaves_it_waiting(self, other: dict[str, Any]) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, label(), withdrawal(**other))
        assert len(joined(fold(task, score(final=True)))) == 1

    def test_without_a_session_all_of_the_source_until_then_is_meant(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, label(ts=500.0), label(session_id="s2", ts=501.0), label(session_id=None, ts=602.0))
        effects = fold(task, withdrawal(session_id=None))
        assert effects.gauges["labels_waiting", ("0",)] == 1
        fold(task, score("s1", final=True))
        assert joined(fold(task, score("s2", ts=110.0, final=True))) == []

    @pytest.mark.parametrize("session_id", ["s1", None])
    def test_what_was_learned_stays_and_can_be_said_again(self, session_id: str | None) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(final=True), label())
        assert fold(task, withdrawal(session_id=session_id)).outputs == []
        again = fold(task, label(ts=700.0))
        assert outcomes(again) == {"joined": 1}
        assert [example.labelled_at for example in joined(again)] == [700.0]

    def test_an_answer_older_than_its_withdrawal_is_outdated(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(final=True), label(), withdrawal())
        assert outcomes(fold(task, label(ts=599.0))) == {"outdated": 1}

    def test_a_withdrawal_older_than_the_answer_changes_nothing(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(final=True), label(), withdrawal(ts=499.0))
        assert outcomes(fold(task, label(ts=700.0))) == {"repeated": 1}

    def test_a_withdrawn_answer_outranks_no_weak_label(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        weak = label(source="weak:purchase", label="good", ts=700.0)
        fold(task, score(final=True), label())
        assert outcomes(fold(task, weak)) == {"outranked": 1}
        fold(task, withdrawal())
        assert outcomes(fold(task, weak)) == {"joined": 1}

    def test_another_persons_answer_still_outranks_weak_labels(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(final=True), label(), label(source="ben"), withdrawal())
        assert outcomes(fold(task, label(source="weak:purchase", ts=700.0))) == {"outranked": 1}

    @pytest.mark.parametrize("value", ["good", "bad"])
    def test_a_withdrawn_answer_contradicts_nobody(self, value: str) -> None:
        task = JoinTask(0, TIMES, POWERS)
        effects = fold(task, score(final=True), label(), withdrawal(), label(source="ben", label=value, ts=700.0))
        assert outcomes(effects) == {"joined": 2, "withdrawn": 1}
        assert not [output for output in effects.outputs if output.topic == REVIEWS]

    def test_a_session_that_another_took_over_may_be_named(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, score(session_id="first", start=90.0, final=True))
        fold(task, score(session_id="other", final=True, merged_into="first"))
        fold(task, label(session_id="first"), withdrawal(session_id="other"))
        assert outcomes(fold(task, label(session_id="first", ts=700.0))) == {"joined": 1}

    def test_a_weak_source_can_withdraw_too(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, label(source="weak:purchase"), withdrawal(source="weak:purchase"))
        assert joined(fold(task, score(final=True))) == []

    def test_a_withdrawal_of_nothing_is_counted_and_kept_nowhere(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        effects = fold(task, withdrawal(), withdrawal(session_id=None))
        assert outcomes(effects) == {"withdrawn": 2}
        assert (effects.outputs, list(task.changes())) == ([], [])

    def test_a_withdrawal_that_lies_elsewhere_is_sent_to_its_visitors_partition(self) -> None:
        plain = withdrawal()
        effects = fold(JoinTask(0, TIMES, POWERS), replace(plain, key=b"v2"))
        assert effects.outputs == [Output(LABELS, b"v1", plain.value)]

    def test_a_full_queue_has_room_again(self) -> None:
        task = JoinTask(0, TIMES, POWERS)
        fold(task, *(label(ts=float(ts)) for ts in range(500)))
        fold(task, withdrawal())
        effects = fold(task, label(ts=700.0))
        assert outcomes(effects) == {"waiting": 1}
        assert effects.gauges["labels_waiting", ("0",)] == 1


def test_no_label_of_a_visitor_who_reports_is_an_example_and_none_waits() -> None:
    task = JoinTask(0, TIMES, POWERS)
    said = [label(source="report:v7", label=value, ts=500.0) for value in ("bad", "good", "withdrawn")]
    effects = fold(task, *said, score(final=True), *said)
    assert outcomes(effects) == {"reported": 6}
    assert joined(effects) == []
    assert effects.gauges["labels_waiting", ("0",)] == 0
