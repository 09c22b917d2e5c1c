"""What people's labels come to on `weir.answers`, by way of the join that they go through."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import FEATURES_VERSION, features, features_hash
from streams.join import human_labels
from streams.join.human_labels import REPORTER, VISITOR
from streams.join.store import MOST_WAITING
from streams.join.task import JoinTask, JoinTimes
from streams.join.visitor_labels import MOST_ANSWERS, MOST_REPORTS, Powers
from streams.task import Effects
from tests.support.sessions import make_session
from weir.contracts import Label, Score
from weir.contracts.answer import Answers, StandingAnswer
from weir.contracts.fast import encode
from weir.contracts.score import ModelRef
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import ANSWERS, DEAD_LETTER, REVIEWS, TRAINING

HOLDS_S = 1_000.0
REPORT_HOLDS_S = 500.0
POWERS = replace(
    Powers.of(Settings()),
    human_sources=("ana", "ben", "team-*"),
    verdict="block",
    holds_s=HOLDS_S,
    review_from=3.0,
    throttle_from=10.0,
    report_holds_s=REPORT_HOLDS_S,
)
TIMES = JoinTimes(wait_s=5_000.0, gap_s=50.0, grace_s=10.0, idle_timeout_s=20.0)
FEATURES = features(make_session())


def join(powers: Powers = POWERS) -> JoinTask:
    return JoinTask(0, TIMES, powers)


def score(session_id: str = "s1", **changed: Any) -> LogRecord:  # noqa: ANN401 -- any field
    """A record of scores: a session from 100 to 110, judged by the model."""
    fields: dict[str, Any] = {
        "session_id": session_id,
        "visitor_id": "v1",
        "revision": 1,
        "ts": 110.0,
        "start": 100.0,
        "final": False,
        "features": FEATURES,
        "features_version": FEATURES_VERSION,
        "features_hash": features_hash(FEATURES),
        "score": 0.25,
        "model": ModelRef(id="sessions", version="7"),
        "champion": True,
        "verdict": "review",
        "stage": "model",
    }
    record = Score.model_validate(fields | changed)
    return LogRecord("weir.scores", 0, 0, 0, record.visitor_id.encode(), encode(record))


def clock(reached_s: float) -> LogRecord:
    """Another visitor's score, by which event time comes so far."""
    return score(f"clock-{reached_s}", visitor_id="clock", ts=reached_s, start=reached_s)


def label(source: str = "ana", said: str = "bad", ts: float = 200.0, **changed: Any) -> LogRecord:  # noqa: ANN401
    """A record of labels about the visitor, appended at its time."""
    fields: dict[str, Any] = {"visitor_id": "v1", "ts": ts, "label": said, "source": source}
    record = Label.model_validate(fields | changed)
    return LogRecord("weir.labels", 0, 0, round(ts * 1_000), record.visitor_id.encode(), encode(record))


def reports(number: int, first_ts: float = 200.0, **changed: Any) -> list[LogRecord]:  # noqa: ANN401
    return [label(f"report:r{n}", ts=first_ts + n, **changed) for n in range(number)]


def fold(task: JoinTask, *records: LogRecord) -> Effects:
    effects = Effects()
    for record in records:
        task.process([record], effects)
    return effects


def written(effects: Effects) -> list[Answers]:
    found = [output for output in effects.outputs if output.topic == ANSWERS]
    answers = [Answers.model_validate_json(output.value or b"") for output in found]
    assert [output.key for output in found] == [one.visitor_id.encode() for one in answers]
    return answers


def last(effects: Effects) -> list[StandingAnswer]:
    """What the newest record says."""
    return written(effects)[-1].answers


def said(effects: Effects) -> list[tuple[str, str]]:
    """Who says what, by the newest record."""
    return [(one.source, one.verdict) for one in last(effects)]


def counted(effects: Effects, metric: str = "answers") -> dict[tuple[str, ...], float]:
    return {labels: count for (name, labels), count in effects.counts.items() if name == metric and count}


def learned(effects: Effects) -> int:
    return sum(output.topic == TRAINING for output in effects.outputs)


def restored(entries: Iterable[tuple[bytes, bytes | None]], powers: Powers = POWERS) -> JoinTask:
    task = join(powers)
    for key, value in entries:
        if value is not None:
            task.load(key, value)
    task.loaded()
    return task


class TestTrust:
    def test_an_answer_acts_before_its_session_was_scored(self) -> None:
        effects = fold(join(), label(session_id="s1"))
        (record,) = written(effects)
        assert record.visitor_id == "v1"
        (one,) = record.answers
        assert (one.source, one.label, one.verdict, one.ts, one.until) == ("ana", "bad", "block", 200.0, 1_200.0)
        assert (one.session_ids, one.session) == (["s1"], None)
        assert counted(effects) == {("people", "acts"): 1}
        assert counted(effects, "labels") == {("people", "waiting"): 1}

    def test_an_answer_tells_of_its_session_as_it_was_scored_by_then(self) -> None:
        effects = fold(join(), score(), label())
        (one,) = last(effects)
        assert one.session_ids == ["s1"]
        assert one.session is not None
        assert (one.session.session_id, one.session.revision, one.session.ts) == ("s1", 1, 110.0)
        assert (one.session.score, one.session.verdict, one.session.stage) == (0.25, "review", "model")

    @pytest.mark.parametrize("session_id", ["s1", None])
    def test_a_session_that_is_found_later_is_named_by_another_record(self, session_id: str | None) -> None:
        first, second = written(fold(join(), label(session_id=session_id), score(final=True), clock(300.0)))
        assert first.answers[0].session is None
        assert first.answers[0].session_ids == ([session_id] if session_id else [])
        (one,) = second.answers
        assert one.session_ids == ["s1"]
        assert one.session is not None
        assert (one.ts, one.until) == (200.0, 1_200.0)

    def test_an_answer_about_a_session_that_another_took_over_names_both(self) -> None:
        task = join()
        fold(task, score("first", start=90.0), score("other", final=True, merged_into="first"))
        (one,) = last(fold(task, label(session_id="other")))
        assert one.session_ids == ["other", "first"]
        assert one.session is not None
        assert one.session.session_id == "first"

    @pytest.mark.parametrize("source", ["ana", "ben", "team-a", "team-"])
    def test_named_sources_act_and_teach(self, source: str) -> None:
        effects = fold(join(), score(final=True), label(source, session_id="s1"))
        assert said(effects) == [(source, "block")]
        assert learned(effects) == 1

    @pytest.mark.parametrize("source", ["cy", "anna", "an", "Ana", "team", "a-team-a", "*", "reports"])
    def test_a_source_that_is_not_named_teaches_and_does_not_act(self, source: str) -> None:
        effects = fold(join(), score(final=True), label(source, session_id="s1"))
        assert written(effects) == []
        assert learned(effects) == 1

    @pytest.mark.parametrize("named", ["*", "weak:*", "weak:purchase", "report:*", "report:r0", "w*", "r*"])
    def test_neither_weir_itself_nor_one_visitor_acts_whatever_is_named(self, named: str) -> None:
        powers = replace(POWERS, human_sources=(named,))
        effects = fold(join(powers), score(final=True), label("weak:purchase"), label("report:r0"))
        assert written(effects) == []

    def test_good_allows(self) -> None:
        assert said(fold(join(), label(said="good"))) == [("ana", "allow")]

    def test_nobody_acts_where_nobody_is_named(self) -> None:
        assert written(fold(join(replace(POWERS, human_sources=())), score(final=True), label(), label("ben"))) == []

    def test_a_rekeyed_label_acts_where_it_arrives_alone(self) -> None:
        assert written(fold(join(), replace(label(), key=b"v2"))) == []


class TestTheLastWord:
    def test_the_newest_answer_is_last_whichever_came_first(self) -> None:
        ana, ben = label("ana", "bad", 201.0), label("ben", "good", 200.0)
        assert said(fold(join(), ana, ben)) == said(fold(join(), ben, ana)) == [("ben", "allow"), ("ana", "block")]

    def test_of_answers_of_one_time_the_one_with_the_higher_offset_is_last(self) -> None:
        ana, ben = label("ana", "bad"), label("ben", "good")
        assert said(fold(join(), ben, ana))[-1] == ("ana", "block")
        assert said(fold(join(), ana, ben))[-1] == ("ben", "allow")

    def test_a_source_that_changes_its_mind_is_heard_at_once(self) -> None:
        effects = fold(join(), label(), label(said="good", ts=200.5))
        assert said(effects) == [("ana", "allow")]

    def test_a_repeated_answer_writes_nothing_until_a_hundredth_of_its_time_has_passed(self) -> None:
        task = join()
        fold(task, label())
        for ts in (200.0, 201.0, 209.9):
            effects = fold(task, label(ts=ts))
            assert written(effects) == []
            assert counted(effects) == {("people", "repeated"): 1}
        (one,) = last(fold(task, label(ts=210.0)))
        assert (one.ts, one.until) == (210.0, 1_210.0)

    def test_an_older_answer_of_the_same_source_writes_nothing(self) -> None:
        assert len(written(fold(join(), label(ts=300.0), label(said="good", ts=250.0)))) == 1


class TestWithdrawal:
    @pytest.mark.parametrize("session_id", ["s1", None])
    def test_a_withdrawn_answer_decides_nothing_any_more(self, session_id: str | None) -> None:
        effects = fold(join(), label(session_id="s1"), label(said="withdrawn", ts=250.0, session_id=session_id))
        assert [len(one.answers) for one in written(effects)] == [1, 0]
        assert counted(effects)["people", "withdrawn"] == 1

    @pytest.mark.parametrize(
        "withdrawal",
        [
            {"source": "ben"},
            {"session_id": "s2"},
            {"ts": 199.0},
            {"visitor_id": "v2"},
            {"source": "weak:purchase"},
            {"source": "report:ana"},
        ],
    )
    def test_a_withdrawal_of_something_else_changes_nothing(self, withdrawal: dict[str, Any]) -> None:
        task = join()
        fold(task, label(session_id="s1"))
        changed: dict[str, Any] = {"said": "withdrawn", "ts": 250.0}
        assert written(fold(task, label(**changed | withdrawal))) == []

    def test_an_answer_without_a_session_is_withdrawn_by_the_one_that_it_was_found_to_be_about(self) -> None:
        task = join()
        fold(task, score(final=True), label(ts=150.0))
        assert last(fold(task, label(said="withdrawn", ts=250.0, session_id="s1"))) == []

    def test_another_persons_answer_decides_again(self) -> None:
        task = join()
        assert said(fold(task, label("ben", "good"), label("ana", "bad", 201.0)))[-1] == ("ana", "block")
        assert said(fold(task, label("ana", "withdrawn", 202.0))) == [("ben", "allow")]

    def test_the_answer_can_be_given_again_at_once(self) -> None:
        effects = fold(join(), label(), label(said="withdrawn", ts=201.0), label(ts=202.0))
        assert [len(one.answers) for one in written(effects)] == [1, 0, 1]

    def test_a_source_that_is_named_no_longer_can_still_withdraw(self) -> None:
        task = join()
        fold(task, label())
        later = restored(dict(task.changes()).items(), replace(POWERS, human_sources=()))
        assert last(fold(later, label(said="withdrawn", ts=250.0))) == []

    def test_it_does_not_touch_reports(self) -> None:
        effects = fold(join(), *reports(3), label(ts=205.0), label(said="withdrawn", ts=206.0))
        assert said(effects) == [("reports", "review")]


class TestReports:
    def test_three_reporters_give_a_review_and_ten_a_throttle(self) -> None:
        effects = fold(join(), *reports(10))
        # Two write nothing; from the third on each moves the end.
        assert [len(one.answers) for one in written(effects)] == [1] * 7 + [2]
        review, throttle = last(effects)
        assert (review.verdict, review.until) == ("review", 207.0 + REPORT_HOLDS_S)
        assert (throttle.verdict, throttle.until) == ("throttle", 200.0 + REPORT_HOLDS_S)
        assert {one.source for one in (review, throttle)} == {"reports"}

    def test_they_teach_nothing_and_wait_for_nothing(self) -> None:
        task = join()
        effects = fold(task, *reports(5, session_id="s1"), score(final=True), *reports(5, 300.0, session_id="s1"))
        task.tick(100_000.0, effects)
        assert learned(effects) == 0
        assert effects.gauges["labels_waiting", ("0",)] == 0
        assert counted(effects, "labels") == {("report", "reported"): 10}
        assert not [output for output in effects.outputs if output.topic == REVIEWS]

    def test_a_reporter_counts_once_for_a_visitor(self) -> None:
        assert written(fold(join(), *(label("report:r0", ts=200.0 + n) for n in range(20)))) == []
        assert written(fold(join(), *(label(f"report:r{n}", visitor_id=f"v{n}") for n in range(20)))) == []

    @pytest.mark.parametrize("taken_back", ["good", "withdrawn"])
    def test_a_reporter_takes_their_own_report_back(self, taken_back: str) -> None:
        task = join()
        fold(task, *reports(3))
        assert written(fold(task, label("report:somebody", taken_back, 300.0))) == []
        assert written(fold(task, label("report:r1", taken_back, 200.0))) == []
        effects = fold(task, label("report:r1", taken_back, 300.0))
        assert last(effects) == []
        assert counted(effects) == {("report", "withdrawn"): 1}
        assert said(fold(task, label("report:r7", ts=301.0))) == [("reports", "review")]

    def test_the_sessions_that_were_scored_by_then_are_named(self) -> None:
        task = join()
        fold(task, score("s1"))
        effects = fold(task, *reports(2), label("report:r9", ts=203.0, session_id="unknown"))
        (review,) = last(effects)
        assert review.session_ids == ["s1"]

    def test_a_reporter_whom_a_trusted_person_contradicts_counts_less(self) -> None:
        task = join()
        fold(task, label("report:r0", visitor_id="honest"), label("ana", "good", 300.0, visitor_id="honest"))
        assert written(fold(task, *reports(3, 400.0))) == []
        assert said(fold(task, label("report:r3", ts=410.0))) == [("reports", "review")]

    def test_a_reporter_whom_trusted_people_confirm_counts_no_more_than_others(self) -> None:
        task = join()
        for n in range(50):
            fold(task, label("report:r0", visitor_id=f"o{n}"), label("ana", "bad", 300.0, visitor_id=f"o{n}"))
        assert written(fold(task, *reports(2, 400.0))) == []
        assert said(fold(task, label("report:r2", ts=410.0))) == [("reports", "review")]

    def test_a_source_that_is_not_trusted_says_nothing_of_reporters(self) -> None:
        task = join()
        fold(task, label("report:r0", visitor_id="o"), label("cy", "good", 300.0, visitor_id="o"))
        assert said(fold(task, *reports(3, 400.0))) == [("reports", "review")]

    def test_one_report_is_judged_once_however_often_a_trusted_person_answers(self) -> None:
        task = join()
        fold(task, label("report:r0"), *(label("ana", "good", 300.0 + 50 * n) for n in range(9)))
        assert dict(task.changes())[REPORTER + b"r0"] == b"[0,1,300.0]"

    def test_a_trusted_answer_comes_after_them(self) -> None:
        effects = fold(join(), label(said="good"), *reports(3, 300.0))
        assert said(effects) == [("reports", "review"), ("ana", "allow")]


class TestStrangeLabels:
    @pytest.mark.parametrize("source", ["ana", "report:r0"])
    def test_a_label_of_next_year_acts_as_one_of_its_arrival(self, source: str) -> None:
        powers = replace(POWERS, review_from=0.5)
        arrived = replace(label(source, ts=200.0 + 365 * 86_400.0), timestamp=200_000)
        (one,) = last(fold(join(powers), arrived))
        holds_s = HOLDS_S if source == "ana" else REPORT_HOLDS_S
        assert (one.ts, one.until) == (200.0, 200.0 + holds_s)

    @pytest.mark.parametrize(("source", "kind"), [("ana", "people"), ("report:r0", "report")])
    def test_a_label_of_1970_is_over_and_writes_nothing(self, source: str, kind: str) -> None:
        task = join(replace(POWERS, review_from=0.5))
        fold(task, clock(1_700_000_000.0))
        dict(task.changes())
        effects = fold(task, replace(label(source, ts=0.0), timestamp=1_700_000_000_000))
        assert written(effects) == []
        assert counted(effects) == {(kind, "over"): 1}
        assert not [key for key, _ in task.changes() if key[:1] in {VISITOR, REPORTER}]

    @pytest.mark.parametrize("ago_s", [HOLDS_S, HOLDS_S - 1.0])
    def test_an_answer_is_over_to_the_second(self, ago_s: float) -> None:
        effects = fold(join(), clock(2_000.0), label(ts=2_000.0 - ago_s))
        assert len(written(effects)) == (0 if ago_s == HOLDS_S else 1)

    def test_the_same_label_twice_acts_and_teaches_once(self) -> None:
        effects = fold(join(), score(final=True), label(session_id="s1"), label(session_id="s1"))
        assert len(written(effects)) == 1
        assert learned(effects) == 1
        assert counted(effects) == {("people", "acts"): 1, ("people", "repeated"): 1}

    def test_two_labels_of_one_moment_about_two_sessions_both_act(self) -> None:
        task = join()
        fold(task, score("s1", final=True), score("s2", start=150.0, ts=160.0, final=True))
        effects = fold(task, label(session_id="s1"), label(said="good", session_id="s2"))
        assert [(one.session_ids, one.verdict) for one in last(effects)] == [(["s1"], "block"), (["s2"], "allow")]
        assert learned(effects) == 2
        assert [one.session_ids for one in last(fold(task, label(said="withdrawn", ts=300.0, session_id="s1")))] == [
            ["s2"]
        ]

    def test_a_source_of_ten_kilobytes_is_a_dead_letter_and_nothing_else(self) -> None:
        task = join(replace(POWERS, human_sources=("a*",)))
        record = label("ana")
        assert record.value is not None
        effects = fold(task, replace(record, value=record.value.replace(b'"ana"', b'"%s"' % (b"a" * 10_240))))
        assert [output.topic for output in effects.outputs] == [DEAD_LETTER]
        assert list(task.changes()) == []

    def test_the_longest_names_are_taken(self) -> None:
        task = join(replace(POWERS, human_sources=("é*",)))
        source, visitor = "é" * 512, "ü" * 512
        (record,) = written(fold(task, label(source, visitor_id=visitor)))
        assert (record.visitor_id, record.answers[0].source) == (visitor, source)
        again = restored(dict(task.changes()).items(), replace(POWERS, human_sources=("é*",)))
        assert last(fold(again, label(source, "withdrawn", 300.0, visitor_id=visitor))) == []

    def test_a_reporter_without_a_name_is_one_reporter(self) -> None:
        assert written(fold(join(), *(label("report:", ts=200.0 + n) for n in range(5)))) == []


def state_bytes(task: JoinTask) -> int:
    return sum(len(key) + len(value or b"") for key, value in task.changes())


class TestFloods:
    def test_a_hundred_thousand_answers_of_one_source_about_one_visitor_come_to_one(self) -> None:
        task, effects, began = join(), Effects(), time.process_time()
        fold(task, score(final=True))
        task.process([label(ts=200.0 + n / 100, session_id="s1") for n in range(100_000)], effects)
        # A thousand seconds, renewed each ten.
        assert len(written(effects)) == pytest.approx(100, abs=1)
        assert len(last(effects)) == 1
        assert learned(effects) == 1
        assert state_bytes(task) < 100_000
        assert time.process_time() - began < 30.0

    def test_answers_of_five_thousand_trusted_sources_about_one_visitor_are_bounded(self) -> None:
        task, effects, began = join(), Effects(), time.process_time()
        task.process([label(f"team-{n}", session_id="s1", ts=200.0 + n / 100) for n in range(5_000)], effects)
        records = [output for output in effects.outputs if output.topic == ANSWERS]
        assert len(records) == 5_000
        assert max(len(output.value or b"") for output in records) < 300 * MOST_ANSWERS
        assert len(last(effects)) == MOST_ANSWERS
        assert effects.gauges["labels_waiting", ("0",)] == MOST_WAITING
        assert state_bytes(task) < 100_000
        assert time.process_time() - began < 30.0

    def test_answers_in_turn_about_many_sessions_of_one_visitor_are_bounded(self) -> None:
        task, effects = join(), Effects()
        task.process([label(session_id=f"s{n}", ts=200.0 + n / 100) for n in range(2_000)], effects)
        assert len(last(effects)) == MOST_ANSWERS
        assert state_bytes(task) < 100_000

    def test_reports_of_five_thousand_visitors_about_one_are_bounded(self) -> None:
        task, effects = join(), Effects()
        fold(task, score())
        dict(task.changes())
        task.process(reports(5_000), effects)
        records = [output for output in effects.outputs if output.topic == ANSWERS]
        assert max(len(output.value or b"") for output in records) < 2_000
        assert len(last(effects)) == 2
        assert state_bytes(task) < 400 * MOST_REPORTS

    def test_of_too_many_visitors_those_whose_answers_end_first_are_forgotten(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(human_labels, "MOST_VISITORS", 3)
        monkeypatch.setattr(human_labels, "MOST_STALE", 2)
        task = join()
        entries: dict[bytes, bytes | None] = {}
        effects = fold(task, *(label(visitor_id=f"v{n}", ts=300.0 - n) for n in range(3)))
        assert ("people", "forgotten") not in counted(effects)
        effects = fold(task, *(label(visitor_id=f"v{n}", ts=300.0 + n) for n in range(3, 20)))
        assert counted(effects)["people", "forgotten"] == 17
        entries |= dict(task.changes())
        kept = {key for key, value in entries.items() if key[:1] == VISITOR and value is not None}
        assert kept == {VISITOR + f"v{n}".encode() for n in (17, 18, 19)}

    def test_one_visitor_answered_again_and_again_takes_the_place_of_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(human_labels, "MOST_VISITORS", 2)
        monkeypatch.setattr(human_labels, "MOST_STALE", 2)
        task = join()
        fold(task, label(visitor_id="calm"))
        effects = fold(task, *(label(visitor_id="busy", said=("good", "bad")[n % 2], ts=200.0 + n) for n in range(99)))
        assert ("people", "forgotten") not in counted(effects)
        assert len(task._human_labels._ends) <= 2 * 2 + 2
        assert said(fold(task, label("ben", ts=300.0, visitor_id="calm"))) == [("ana", "block"), ("ben", "block")]

    def test_of_too_many_reporters_those_who_were_judged_longest_ago_are_forgotten(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(human_labels, "MOST_REPORTERS", 3)
        task = join()
        fold(task, *reports(10), label("ana", "good", 300.0))
        entries = {key: value for key, value in task.changes() if key[:1] == REPORTER}
        assert {key for key, value in entries.items() if value is not None} == {
            REPORTER + b"r%d" % n for n in (7, 8, 9)
        }


class TestExpiry:
    def test_what_is_over_by_event_time_is_forgotten(self) -> None:
        task = join()
        fold(task, label(), *reports(3, 600.0, visitor_id="v2"))
        assert {key for key, value in task.changes() if value is not None} >= {VISITOR + b"v1", VISITOR + b"v2"}
        fold(task, clock(1_101.9))
        assert not [key for key, value in task.changes() if value is None]
        fold(task, clock(1_102.0))
        assert VISITOR + b"v2" in {key for key, value in task.changes() if value is None}
        effects = fold(task, clock(1_200.0))
        assert VISITOR + b"v1" in {key for key, value in task.changes() if value is None}
        # Whoever reads the topic knows by `until`.
        assert written(effects) == []

    def test_an_answer_that_was_renewed_is_forgotten_when_the_new_one_is_over(self) -> None:
        task = join()
        fold(task, label(), label(ts=700.0), clock(1_300.0))
        assert said(fold(task, label("ben", ts=1_300.0))) == [("ana", "block"), ("ben", "block")]
        fold(task, clock(2_300.0))
        assert dict(task.changes())[VISITOR + b"v1"] is None

    def test_a_record_leaves_out_what_is_over(self) -> None:
        effects = fold(join(), label(), label("ben", ts=700.0), clock(1_250.0), label("team-a", ts=1_250.0))
        assert [one.source for one in last(effects)] == ["ben", "team-a"]

    def test_after_a_restart_it_is_forgotten_as_without(self) -> None:
        task = join()
        fold(task, label(), *reports(3, 300.0))
        again = restored(dict(task.changes()).items())
        fold(again, clock(1_200.0))
        assert {key: value for key, value in again.changes() if key[:1] == VISITOR} == {VISITOR + b"v1": None}


MOMENTS = st.integers(0, 3_000).map(float)
VISITORS = {"s1": "v1", "s2": "v1", "s3": "v2"}


@st.composite
def histories(draw: st.DrawFn) -> list[LogRecord]:
    """Scores, answers, reports and withdrawals in any order."""
    history = []
    for revision in range(1, draw(st.integers(1, 30)) + 1):
        session_id, ts = draw(st.sampled_from(sorted(VISITORS))), draw(MOMENTS)
        visitor_id = VISITORS[session_id]
        if draw(st.integers(0, 2)) == 0:
            final = draw(st.booleans())
            history.append(
                score(session_id, visitor_id=visitor_id, revision=revision, ts=ts, start=ts / 2, final=final)
            )
            continue
        source = draw(st.sampled_from(["ana", "ben", "cy", "weak:w", "report:a", "report:b", "report:c", "report:d"]))
        value = draw(st.sampled_from(["good", "bad", "bad", "withdrawn"]))
        about = draw(st.sampled_from([session_id, None]))
        record = label(source, value, ts, visitor_id=visitor_id, session_id=about)
        history.append(replace(record, timestamp=round(draw(MOMENTS) * 1_000)))
    return history


@given(histories(), st.data())
def test_a_restart_anywhere_changes_nothing(history: list[LogRecord], data: st.DataObject) -> None:
    powers = replace(POWERS, review_from=2.0, throttle_from=3.0)
    straight = join(powers)
    whole = fold(straight, *history)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=3)))
    entries: dict[bytes, bytes | None] = {}
    task, effects, done = join(powers), Effects(), 0
    for cut in cuts:
        for record in history[done:cut]:
            task.process([record], effects)
        entries |= dict(task.changes())
        task, done = restored(data.draw(st.permutations(sorted(entries.items()))), powers), cut
    for record in history[done:]:
        task.process([record], effects)
    assert effects.outputs == whole.outputs
    assert effects.counts == whole.counts
    entries |= dict(task.changes())
    alive = [entry for entry in sorted(entries.items()) if entry[1] is not None]
    assert alive == [entry for entry in sorted(dict(straight.changes()).items()) if entry[1] is not None]


@given(histories())
def test_each_record_is_bounded_ordered_and_of_trusted_sources(history: list[LogRecord]) -> None:
    powers = replace(POWERS, review_from=2.0, throttle_from=3.0)
    for record in written(fold(join(powers), *history)):
        people = [one for one in record.answers if one.source != "reports"]
        made_of_reports = record.answers[: len(record.answers) - len(people)]
        assert {one.source for one in people} <= {"ana", "ben"}
        assert [one.verdict for one in made_of_reports] in ([], ["review"], ["review", "throttle"])
        assert [one.ts for one in people] == sorted(one.ts for one in people)
        assert all(one.ts < one.until <= one.ts + HOLDS_S for one in record.answers)
        assert all(one.session is None or one.session.session_id in one.session_ids for one in record.answers)


@given(histories())
def test_reports_teach_nothing_whatever_else_is_said(history: list[LogRecord]) -> None:
    silent = [record for record in history if b'"report:' not in (record.value or b"")]
    with_them, without = (
        [output for output in fold(join(), *given).outputs if output.topic in {TRAINING, REVIEWS}]
        for given in (history, silent)
    )
    assert with_them == without
