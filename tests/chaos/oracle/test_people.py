"""Answers, examples and flags of people, against outputs that were tampered with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.chaos.oracle.answering import Decisions, Records, Step, VisitorAnswers, expected_answers
from tests.chaos.oracle.compare_answers import answer_differences, label_differences
from tests.chaos.oracle.compare_examples import example_differences
from tests.chaos.oracle.compare_flags import flag_differences, spoken_of
from tests.chaos.oracle.labels import Labels, sort_labels
from tests.chaos.oracle.records import Record, Settings
from tests.chaos.oracle.rule_book import RuleBook

SETTINGS = Settings(
    partitions=1, human_sources=("ana", "team-*"), reports_for_review=2.0, reports_for_throttle=2.5, answer_holds_s=1e4
)
BOOK = RuleBook(weights={"p": 0.7})


def labels(*said: tuple[float, str, str, str], broken: Iterable[bytes] = (), key: bytes | None = None) -> list[Record]:
    """Labels of (ts, visitor, source, value), in their order."""
    values = [
        (visitor.encode(), json.dumps({"visitor_id": visitor, "ts": ts, "label": label, "source": source}).encode())
        for ts, visitor, source, label in said
    ]
    values += [(b"v", value) for value in broken]
    return [Record("weir.labels", 0, at, key or own, value, timestamp=10**9) for at, (own, value) in enumerate(values)]


def record(topic: str, offset: int, key: str, **fields: object) -> Record:
    return Record(f"weir.{topic}", 0, offset, key.encode(), json.dumps(fields).encode())


def changed(one: Record, **fields: object) -> Record:
    return one._replace(value=json.dumps(json.loads(one.value or b"") | fields).encode())


def expected(log: Iterable[Record]) -> dict[str, VisitorAnswers]:
    return expected_answers(sort_labels(log, SETTINGS), SETTINGS)


def answers(visitor: str, *shown: tuple[Any, ...], offset: int = 0) -> Record:
    names = ("label", "verdict", "source", "ts", "until")
    given = [dict(zip(names, decision, strict=True)) | {"session_ids": []} for decision in shown]
    return record("answers", offset, visitor, visitor_id=visitor, answers=given)


def flawless(log: Iterable[Record]) -> list[Record]:
    due = [
        (step.at, visitor, step)
        for visitor, one in expected(log).items()
        for step in one.steps
        if step.is_due or step.decisions
    ]
    ordered = sorted(due, key=lambda one: one[:2])
    return [answers(visitor, *step.decisions, offset=at) for at, (_, visitor, step) in enumerate(ordered)]


BUSY = labels(
    (1, "v", "ana", "good"),
    (2, "v", "report:x", "bad"),
    (3, "v", "report:y", "bad"),
    (4, "v", "nobody", "bad"),
    (5, "v", "weak:purchase", "good"),
    (6, "v", "team-1", "bad"),
    (7, "w", "report:x", "bad"),
    (8, "w", "report:z", "bad"),
    (9, "v", "ana", "withdrawn"),
    (10, "w", "report:y", "bad"),
)
DUE = flawless(BUSY)


def told(found: Iterable[Record], *, log: Iterable[Record] = BUSY, may_be_compacted: bool = False) -> str:
    return "\n".join(answer_differences(SETTINGS, expected(log), found, may_be_compacted=may_be_compacted))


def decisions(visitor: str, log: Iterable[Record] = BUSY) -> list[tuple[Any, ...]]:
    return [step.decisions for step in expected(log)[visitor].steps if step.is_due]


def test_decisions_are_reports_then_answers_by_time() -> None:
    good, bad = ("good", "allow", "ana", 1, 10_001), ("bad", "block", "team-1", 6, 10_006)
    review = ("bad", "review", "reports", 3, 86_402)
    assert decisions("v") == [(good,), (review, good), (review, good, bad), (review, bad)]


def test_a_report_weighs_less_after_a_trusted_person_disagreed() -> None:
    log = labels((1, "v", "report:x", "bad"), (2, "v", "ana", "good"), (3, "w", "report:x", "bad"))
    log += [one._replace(offset=9) for one in labels((4, "w", "report:y", "bad"))]
    assert "w" not in {visitor for visitor, one in expected(log).items() if one.is_spoken_of}
    assert decisions("w", [*log, *labels((5, "w", "report:z", "bad"))])


def test_the_same_again_and_the_older_are_no_news() -> None:
    log = labels((5, "v", "ana", "bad"), (5, "v", "ana", "bad"), (6, "v", "ana", "bad"), (4, "v", "ana", "good"))
    assert len(decisions("v", log)) == 1
    assert len(decisions("v", [*log, *labels((105, "v", "ana", "bad"))])) == 2


def test_nothing_is_said_of_flawless_answers() -> None:
    assert told(DUE) == told(DUE, may_be_compacted=True) == ""
    newest = {one.key: one for one in DUE}
    assert told(newest.values(), may_be_compacted=True) == ""


LONE = [at for at, one in enumerate(DUE) if [other.value for other in DUE].count(one.value) == 1]
"""A label that changes nothing of what is decided has a record as the one before: that nobody misses."""


@pytest.mark.parametrize("at", LONE)
def test_answers_that_are_missing_twice_or_wrong_are_named(at: int) -> None:
    one = DUE[at]
    assert "Missing" in told([*DUE[:at], *DUE[at + 1 :]])
    assert "Twice" in told([*DUE[: at + 1], one, *DUE[at + 1 :]])
    given = json.loads(one.value or b"")["answers"]
    for name, value in (("until", 7), ("verdict", "review-it"), ("source", "ben"), ("ts", 0.5), ("label", "ugly")):
        wrong = changed(one, answers=[given[0] | {name: value}, *given[1:]])
        assert "Wrong" in told([*DUE[:at], wrong, *DUE[at + 1 :]])
    assert "Wrong" in told([*DUE[:at], one._replace(key=b"else"), *DUE[at + 1 :]])


def test_the_newest_answers_are_missed_whatever_was_compacted() -> None:
    for visitor in (b"v", b"w"):
        newest = max(at for at, one in enumerate(DUE) if one.key == visitor)
        assert "Missing: the newest" in told([*DUE[:newest], *DUE[newest + 1 :]], may_be_compacted=True)


def test_answers_about_somebody_else_are_unexplained() -> None:
    assert "Unexplained" in told([*DUE, answers("nobody", ("bad", "block", "ana", 1, 2))])


def test_a_record_that_found_its_session_may_show_a_changed_weight() -> None:
    log = labels(
        *((1, "v", "report:x", "bad"), (2, "v", "report:y", "bad"), (3, "v", "ana", "bad")),
        *((4, "w", "report:x", "bad"), (5, "w", "ana", "good")),
    )
    found = flawless(log)
    assert told(found, log=log) == ""
    after = answers("v", ("bad", "block", "ana", 3, 10_003), offset=9)
    assert told([*found, after], log=log) == ""
    assert "Wrong" in told([after, *found], log=log)


def test_a_record_may_come_again_where_one_more_report_makes_up_for_a_weight() -> None:
    log = labels(
        *((1, "v", "report:x", "bad"), (5, "v", "report:y", "bad")),
        *(
            (6, "w", "report:y", "bad"),
            (6, "w", "report:z", "bad"),
            (7, "w", "ana", "good"),
            (3, "v", "report:z", "bad"),
        ),
    )
    found = flawless(log)
    first, again = (one for one in found if one.key == b"v")
    assert first.value == again.value
    assert told(found, log=log) == ""
    assert "Twice" in told([*found, again], log=log)


def test_records_are_followed_where_a_weight_comes_and_goes() -> None:
    one, other = (("bad", "review", "reports", 1.0, 2.0),), (("bad", "review", "reports", 1.0, 3.0),)

    class Weighed(VisitorAnswers):
        def possible(self, number: int) -> set[Decisions]:
            # At the first step the weight may have changed before the next label, which says the same.
            return {one, other} if number == 0 else {self.steps[number].decisions}

    steps = [Step(at, (), (), shown, is_due) for at, (shown, is_due) in enumerate([(one, True), (other, False)])]
    steps += [Step(2, (), (), one, is_due=True), Step(3, (), (), one, is_due=False)]
    visitors = {"v": Weighed(SETTINGS, Records(), steps)}
    found = [answers("v", *shown, offset=at) for at, shown in enumerate([one, other, one, one])]
    assert not list(answer_differences(SETTINGS, visitors, found, may_be_compacted=True))
    again = [*found, answers("v", *one, offset=4)]
    assert "Twice" in "".join(answer_differences(SETTINGS, visitors, again, may_be_compacted=True))


def test_of_more_answers_than_are_remembered_the_oldest_do_not_come_back() -> None:
    many = [(100.0 + n, "v", f"team-{n}", "bad") for n in range(32)]
    steps = expected(labels(*many, (1.0, "v", "ana", "good")))["v"].steps
    assert (len(steps[-1].answers), steps[-1].is_due) == (32, False)
    many = [(100.0 + n, "v", f"report:{n}", "bad") for n in range(64)]
    steps = expected(labels(*many, (1.0, "v", "report:late", "bad")))["v"].steps
    assert (len(steps[-1].reports), steps[-1].is_due) == (64, False)


def label_faults(log: Iterable[Record], dead: Iterable[Record] = ()) -> str:
    return "\n".join(label_differences(SETTINGS, sort_labels(log, SETTINGS), dead))


def test_misplaced_labels_are_sent_on_once() -> None:
    (there,) = labels((1, "v", "ana", "bad"))
    away = there._replace(key=b"else", offset=9)
    assert label_faults([away, there]) == ""
    assert "Missing" in label_faults([away])
    assert "Twice" in label_faults([away, there, there._replace(offset=10)])


def test_weak_labels_come_once() -> None:
    (weak,) = labels((1, "v", "weak:purchase", "good"))
    assert label_faults([weak]) == ""
    assert "Twice" in label_faults([weak, weak._replace(offset=3)])


BROKEN = (
    b"{",
    b"[]",
    b'{"visitor_id": "v", "ts": 1, "label": "bad"}',
    b'{"visitor_id": "v", "ts": -1, "label": "bad", "source": "ana"}',
    b'{"visitor_id": "v", "ts": true, "label": "bad", "source": "ana"}',
    b'{"visitor_id": "v", "ts": 1, "label": "ugly", "source": "ana"}',
    b'{"visitor_id": "v", "ts": 1, "label": "bad", "source": ""}',
    b'{"visitor_id": "v", "ts": 1, "label": "bad", "source": "ana", "weight": 0}',
)


def test_each_label_that_cannot_be_read_has_one_letter() -> None:
    log = labels(broken=BROKEN)
    dead = [
        Record(
            "weir.dead-letter",
            *(0, one.offset, one.key, one.value),
            (("topic", b"weir.labels"), ("partition", b"0"), ("offset", b"%d" % one.offset)),
        )
        for one in log
    ]
    assert label_faults(log, dead) == ""
    assert "Missing" in label_faults(log, dead[1:])
    assert "Twice" in label_faults(log, [*dead, dead[0]])
    assert "bytes as received" in label_faults(log, [dead[0]._replace(value=b"x"), *dead[1:]])
    assert "Unexplained" in label_faults(log[1:], dead)


SCORES = [
    record("scores", at, "v", session_id="s", visitor_id="v", revision=at + 1, ts=ts, features={"a": ts}, champion=True)
    for at, ts in enumerate((0.5, 4.0))
]
EXAMPLE = record(
    *("training", 0, "e1"),
    example_id="e1",
    session_id="s",
    visitor_id="v",
    features={"a": 0.5},
    label="good",
    source="ana",
    labelled_at=1,
    weight=1.0,
    category=None,
)


def examples(*found: Record, log: Labels | None = None) -> str:
    return "\n".join(example_differences(log or sort_labels(BUSY, SETTINGS), SCORES, found))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, ""),
        ({"example_id": "e2"}, "instead of its id"),
        ({"label": "bad"}, "nobody gave"),
        ({"source": "report:x", "labelled_at": 2, "label": "bad"}, "nobody gave"),
        ({"source": "ana", "labelled_at": 9, "label": "withdrawn"}, "nobody gave"),
        ({"weight": 2.0}, "nobody gave"),
        ({"visitor_id": "w"}, "nobody gave"),
        ({"features": {"a": 0.25}}, "no revision"),
        ({"features": {"a": 4.0}}, "after the label's"),
        ({"session_id": "other"}, "no revision"),
    ],
)
def test_examples_are_of_a_label_and_a_scored_revision(fields: dict[str, Any], word: str) -> None:
    said = examples(changed(EXAMPLE, **fields))
    assert word in said
    assert bool(word) == bool(said)


def test_an_example_that_comes_twice_is_named() -> None:
    assert "Twice" in examples(EXAMPLE, EXAMPLE._replace(offset=1))


SESSION = {"session_id": "s", "visitor_id": "v", "revision": 1, "merged_into": None, "final": False}
SESSIONS = [
    record("sessions", 0, "v", **SESSION, heuristics={"p": {"hits": 1, "version": "1"}}),
    record("sessions", 1, "v", **SESSION | {"revision": 2}, heuristics={}),
]


def flag(revision: int, verdict: str, stage: str, *reasons: dict[str, Any], **fields: object) -> Record:
    made = {"session_id": "s", "visitor_id": "v", "revision": revision, "verdict": verdict, "stage": stage}
    made |= {"reasons": list(reasons), "flag_id": f"{revision}{verdict}{stage}", "until": 10_006}
    return record("flags", revision, "v", **made | fields)


def because(**fields: object) -> dict[str, Any]:
    answer = {"label": "bad", "verdict": "block", "source": "team-1", "ts": 6, "until": 10_006}
    return {"id": "answer-bad", "version": "6", "answer": answer | fields}


def flags(*found: Record) -> str:
    return "\n".join(flag_differences(SESSIONS, found, BOOK, spoken_of(expected(BUSY))))


PATTERN = {"id": "p", "version": "1"}
OF_HEURISTICS = flag(1, "throttle", "heuristics", PATTERN)
OF_PEOPLE = flag(1, "block", "people", because())


def test_flags_about_those_whom_people_speak_of_need_not_be_due() -> None:
    assert flags() == flags(OF_PEOPLE) == flags(OF_HEURISTICS, OF_PEOPLE, OF_HEURISTICS) == ""
    assert flags(OF_PEOPLE, flag(2, "allow", "model")) == ""


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ((OF_PEOPLE, OF_PEOPLE), "Twice"),
        ((OF_HEURISTICS, OF_PEOPLE) * 7, "more often than people changed their mind"),
        ((flag(3, "block", "people", because()),), "no such revision"),
        ((flag(1, "block", "people", because(ts=5)),), "never stood"),
        ((flag(1, "block", "people", because(source="nobody")),), "never stood"),
        ((flag(1, "review", "people", because()),), "its answer says block"),
        ((flag(1, "block", "people", because(), until=5),), "its answer says block"),
        ((flag(1, "block", "people"),), "has 0 answers"),
        ((flag(1, "block", "people", because(), PATTERN),), "has 1 answers among its 2"),
        ((flag(1, "block", "heuristics", PATTERN),), "something else"),
        ((flag(1, "throttle", "heuristics"),), "something else"),
        ((flag(2, "throttle", "heuristics", PATTERN),), "something else"),
        (
            (
                flag(
                    1, "review", "people", because(verdict="review", source="reports", ts=3, until=86_402), until=86_402
                ),
            ),
            "milder than the throttle",
        ),
    ],
)
def test_flags_that_people_or_heuristics_do_not_explain_are_named(found: tuple[Record, ...], word: str) -> None:
    assert word in flags(*found)


def test_flags_about_others_are_as_due_as_ever() -> None:
    def said(*found: Record) -> str:
        return "\n".join(flag_differences(SESSIONS, found, BOOK, spoken_of(expected(labels((1, "w", "ana", "bad"))))))

    released = flag(2, "allow", "heuristics")
    assert said(OF_HEURISTICS, released) == ""
    assert "Missing" in said(OF_HEURISTICS)
    assert "Twice" in said(OF_HEURISTICS, OF_HEURISTICS, released)
    assert "Unexplained" in said(OF_HEURISTICS, released, OF_PEOPLE)
