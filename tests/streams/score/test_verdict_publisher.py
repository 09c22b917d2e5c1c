"""What a score task tells when people answer about its visitors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from rules.business.rules import load_business_rules
from streams.engine.progress import ENGINE_KEYS
from streams.score import deciding_answers, published_verdicts
from streams.score.rejudge import RuleVersions, rejudge
from streams.score.task import ScoreTask
from streams.task import Effects
from tests.rules.business.writing import business_rules
from tests.streams.score.test_score_task import (
    BUDGETS,
    CERTAIN,
    NOW_S,
    PATTERNS,
    Bench,
    flags,
    fold,
    labels,
    session,
    written,
)
from tests.support.sessions import make_session
from weir.contracts import Flag, Score
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, REVIEWS, SCORES

END_S = 1_060.0
"""Of the session that the tests make, unless they say otherwise."""


def said(label: str = "bad", ts: float = END_S, until: float = 9_000.0, **changed: object) -> dict[str, Any]:
    verdict = "allow" if label == "good" else "block"
    return {"label": label, "verdict": verdict, "source": "ana", "ts": ts, "until": until} | changed


def scored(session_id: str = "s1", **changed: object) -> dict[str, object]:
    facts = {"session_id": session_id, "revision": 3, "ts": END_S, "score": None, "model": None, "features_hash": "f"}
    return facts | {"verdict": "allow", "stage": "model"} | changed


def answers(*given: dict[str, Any], visitor: str = "v1") -> LogRecord:
    value = json.dumps({"visitor_id": visitor, "answers": given}).encode()
    return LogRecord("weir.answers", 0, 0, 1_999_750, visitor.encode(), value)


def published(effects: Effects) -> list[tuple[str, str, float | None]]:
    return [(flag.verdict, flag.stage, flag.until) for flag in flags(effects)]


def test_a_good_answer_frees_the_visitor_from_the_model_until_its_time() -> None:
    task = Bench().always(0.99).task()
    freed = fold(task, answers(said("good", ts=1_000.0, until=1_100.0)), session(revision=1, end=1_050.0))
    assert published(freed) == [("allow", "people", 1_100.0)]
    assert published(fold(task, session(revision=2, end=1_070.0))) == []
    assert published(fold(task, session(revision=3, end=1_100.0))) == [("block", "model", 4_700.0)]


def test_a_visitor_who_is_freed_has_a_flag_that_says_by_whom() -> None:
    task = Bench().task()
    fold(task, answers(said("good", ts=1_000.0)))
    (flag,) = flags(fold(task, session(**{**CERTAIN, "heuristics": {_of("scanners"): {"hits": 1, "version": "1"}}})))
    assert (flag.verdict, flag.stage, flag.reasons[0].id) == ("allow", "people", "answer-good")
    assert flag.reasons[0].answer is not None
    assert (flag.reasons[0].answer.source, flag.until) == ("ana", 9_000.0)


def test_an_answer_that_finds_a_session_which_another_took_over_tells_nothing_twice_and_can_be_lifted() -> None:
    task = Bench().task()
    flagged = fold(task, answers(said()), session(revision=3))
    assert published(flagged) == [("block", "people", 9_000.0)]
    fold(task, session(revision=4, final=True, merged_into="s0"))
    found = said(session=scored("s1"), session_ids=["s1"])
    assert published(fold(task, answers(found))) == []
    assert published(fold(task, answers(found, said("good", ts=END_S + 1.0)))) == [("allow", "people", 9_000.0)]


def _of(pack: str) -> str:
    """The heaviest pattern of a pack."""
    return max(
        (i for i in sorted(PATTERNS.ids) if PATTERNS.info(i).pack == pack), key=lambda i: PATTERNS.info(i).weight
    )


def test_a_good_answer_does_not_protect_an_injection() -> None:
    task = Bench().task()
    fold(task, answers(said("good", ts=1_000.0)))
    assert published(fold(task, session(**CERTAIN))) == [("block", "heuristics", END_S + 3_600.0)]
    lax = Bench(settings=Settings(answer_yields_to=(), review_sample_share=0.0)).task()
    fold(lax, answers(said("good", ts=1_000.0)))
    assert published(fold(lax, session(**CERTAIN))) == [("allow", "people", 9_000.0)]


def test_a_good_answer_lifts_what_holds_of_open_and_of_closed_sessions() -> None:
    task = Bench().always(0.99).task()
    fold(task, session(session_id="s1", final=True), session(session_id="s2", start=1_900.0, end=1_950.0))
    effects = fold(task, answers(said("good", ts=2_000.0)))
    assert [(flag.session_id, flag.verdict, flag.stage) for flag in flags(effects)] == [
        ("s1", "allow", "people"),
        ("s2", "allow", "people"),
    ]
    assert {flag.latency_ms for flag in flags(effects)} == {250.0}
    assert not flags(fold(task, answers(said("good", ts=2_000.0))))


def test_what_holds_no_longer_when_the_answer_is_given_is_not_lifted() -> None:
    task = Bench().always(0.99).task()
    fold(task, session(final=True))
    assert not flags(fold(task, answers(said("good", ts=END_S + 3_600.0))))


def test_a_bad_answer_blocks_the_session_that_it_names_though_it_is_closed_and_was_never_flagged() -> None:
    task = Bench().task()
    assert not flags(fold(task, session(final=True)))
    (flag,) = flags(fold(task, answers(said(ts=5_000.0, session_ids=["s1"], session=scored()))))
    assert (flag.session_id, flag.revision, flag.ts, flag.verdict, flag.until) == ("s1", 3, END_S, "block", 9_000.0)


def test_a_bad_answer_blocks_the_visitors_next_session() -> None:
    task = Bench().task()
    fold(task, answers(said(ts=500.0)))
    assert published(fold(task, session())) == [("block", "people", 9_000.0)]
    assert not flags(fold(task, session(visitor_id="v2", session_id="s2")))


def test_a_withdrawn_answer_is_taken_back() -> None:
    task = Bench().always(0.99).task()
    fold(task, session(final=True))
    fold(task, answers(said("good", ts=2_000.0)))
    assert published(fold(task, answers())) == [("block", "model", END_S + 3_600.0)]
    blocked = Bench().task()
    fold(blocked, answers(said(ts=500.0)), session())
    assert published(fold(blocked, answers())) == [("allow", "heuristics", None)]


def test_the_newest_answer_that_holds_decides_and_the_one_before_once_it_is_withdrawn() -> None:
    task = Bench().task()
    fold(task, session(), answers(said(ts=1_000.0)))
    both = [said(ts=1_000.0), said("good", ts=1_100.0)]
    assert published(fold(task, session(revision=4, end=1_090.0))) == [("block", "people", 9_000.0)]
    assert published(fold(task, answers(*both))) == [("allow", "people", 9_000.0)]
    assert published(fold(task, answers(both[0]))) == [("block", "people", 9_000.0)]


def test_an_answer_that_is_over_before_its_session_closes_decides_no_more() -> None:
    task = Bench().task()
    fold(task, answers(said(ts=1_000.0, until=1_100.0)))
    found = fold(task, session(revision=1, end=1_050.0), session(revision=2, end=1_100.0, final=True))
    assert published(found) == [("block", "people", 1_100.0), ("allow", "heuristics", None)]


def test_rate_limits_are_not_lifted() -> None:
    task = Bench().task()
    fold(task, answers(said("good", ts=1_000.0)))
    assert published(fold(task, session(rate_limited=3))) == [("throttle", "rate_limit", END_S + 60.0)]


def test_business_rules_have_the_last_word_over_people() -> None:
    rules = business_rules({"id": "partner", "when": {"visitors": ["v1"]}, "then": "allow"})
    task = Bench(business=rules).task()
    fold(task, answers(said(ts=1_000.0)))
    (flag,) = flags(fold(task, session(final=True)))
    assert (flag.verdict, flag.stage) == ("allow", "business_rule")
    # Of a closed session, the stage that decided tells that they have spoken.
    assert not flags(fold(task, answers(said(ts=2_000.0))))
    spoken = scored("s7", stage="business_rule")
    assert not flags(fold(task, answers(said(ts=2_000.0, session_ids=["s7"], session=spoken))))


def test_people_in_shadow_say_nothing_but_in_the_flag() -> None:
    bench = Bench(settings=Settings(shadow=frozenset({"people"}), review_sample_share=0.0)).always(0.99)
    task = bench.task()
    fold(task, session(), answers(said(ts=1_000.0)))
    effects = fold(task, session(session_id="s2"), session(session_id="s3", visitor_id="v2"))
    assert [(flag.stage, [one.stage for one in flag.shadow]) for flag in flags(effects)] == [
        ("model", ["people"]),
        ("model", []),
    ]


def test_scores_weak_labels_and_questions_are_as_without_answers() -> None:
    def all_but_flags(*given: LogRecord) -> list[tuple[str, bytes | None]]:
        bench = Bench(settings=Settings(review_sample_share=1.0)).always(0.5)
        task = bench.task()
        fold(task, *given)
        effects = fold(task, session(final=True, **CERTAIN), session(session_id="s2", final=True, purchases=1))
        return [(one.topic.name, one.value) for one in effects.outputs if one.topic.name in {"scores", "labels"}]

    assert all_but_flags() == all_but_flags(answers(said("good", ts=1_000.0))) == all_but_flags(answers(said(ts=900.0)))
    task = Bench().task()
    fold(task, answers(said(ts=900.0)))
    effects = fold(task, session(final=True))
    assert not labels(effects)
    (output,) = written(effects, SCORES)
    score = Score.model_validate_json(output.value or b"")
    assert (score.verdict, score.stage) == ("allow", "heuristics")


def test_nobody_is_asked_about_what_people_have_answered_but_for_the_random_sample() -> None:
    def asked(share: float, *given: LogRecord) -> list[str]:
        task = Bench(settings=Settings(review_sample_share=share)).always(0.5).task()
        fold(task, *given)
        return [json.loads(one.value or b"")["why"] for one in written(fold(task, session(final=True)), REVIEWS)]

    assert asked(0.0) == ["unsure"]
    assert asked(0.0, answers(said(ts=900.0))) == []
    assert asked(1.0, answers(said(ts=900.0))) == ["random"]


def test_people_do_not_count_for_the_brake() -> None:
    bench = Bench()
    task = bench.task()
    fold(task, *[answers(said(ts=1.0), visitor=f"v{n}") for n in range(200)])
    for number in range(200):
        effects = fold(task, session(session_id=f"s{number}", visitor_id=f"v{number}"))
        assert published(effects) == [("block", "people", 9_000.0)]
    assert effects.gauges["flagged_share", ("0",)] == 0.0


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b"", b"v1"),
        (b"not JSON", b"v1"),
        (b'{"visitor_id": "v1"}', b"v1"),
        (b'{"visitor_id": "v1", "answers": [{"label": "ugly"}]}', b"v1"),
        (b'{"visitor_id": "v1", "answers": []}', b"v2"),
        (b'{"visitor_id": "v1", "answers": []}', None),
    ],
)
def test_garbage_on_the_answers_topic_is_a_dead_letter(value: bytes, key: bytes | None) -> None:
    effects = fold(Bench().task(), LogRecord("weir.answers", 0, 0, 0, key, value))
    assert [output.topic for output in effects.outputs] == [DEAD_LETTER]


def test_answers_of_visitors_of_another_partition_are_dead_letters() -> None:
    found = [fold(Bench(partition=n, partitions=2).task(), answers(said())).outputs for n in range(2)]
    assert sorted(len(one) for one in found) == [0, 1]


def test_what_was_told_and_answered_outlives_the_worker() -> None:
    history: Sequence[LogRecord] = (
        answers(said(ts=500.0)),
        session(session_id="s1", final=True),
        answers(said(ts=500.0), said("good", ts=1_500.0)),
        session(session_id="s2", start=1_500.0, end=1_600.0),
        answers(said(ts=500.0)),
        answers(),
        session(session_id="s2", revision=4, start=1_500.0, end=1_700.0, final=True),
    )
    straight = Bench().always(0.99).task()
    expected = [fold(straight, one).outputs for one in history]
    assert sum(map(len, expected)) > len(history)
    entries: dict[bytes, bytes] = {}
    for record, outputs in zip(history, expected, strict=True):
        task = Bench().always(0.99).task()
        for key, value in entries.items():
            task.load(key, value)
        assert fold(task, record).outputs == outputs
        _apply(task, entries)


def _apply(task: ScoreTask, entries: dict[bytes, bytes]) -> None:
    for key, value in task.changes():
        assert key[0] not in ENGINE_KEYS
        if value is None:
            entries.pop(key, None)
        else:
            entries[key] = value


def test_answers_and_flags_are_forgotten_when_they_are_over() -> None:
    task = Bench().always(0.99).task()
    fold(task, answers(said(ts=500.0, until=2_000.0)), session(final=True))
    entries: dict[bytes, bytes] = {}
    _apply(task, entries)
    assert sorted(entries) == [b"ss1", b"vv1"]
    effects = fold(task, session(session_id="s9", visitor_id="v9", end=20_000.0, final=True))
    _apply(task, entries)
    assert sorted(entries) == [b"ss9"]
    assert (effects.gauges["answers_standing", ("0",)], effects.gauges["flags_held", ("0",)]) == (0, 1)


def test_flags_that_may_still_hold_are_bounded_and_those_let_go_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_verdicts.PublishedVerdicts.__init__, "__defaults__", (3,))
    task = Bench().always(0.99).task()
    made = [session(session_id=f"s{n}", visitor_id="v1", end=1_060.0 + n, final=True) for n in range(5)]
    effects = fold(task, *made)
    assert effects.counts["flags_let_go", ()] == 2
    lifted = flags(fold(task, answers(said("good", ts=1_100.0))))
    assert [flag.session_id for flag in lifted] == ["s2", "s3", "s4"]


def test_visitors_with_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding_answers.DecidingAnswers.__init__, "__defaults__", (3,))
    task = Bench().task()
    effects = fold(task, *[answers(said(ts=500.0, until=9_000.0 + n), visitor=f"v{n}") for n in range(5)])
    assert effects.counts["answers", ("people", "forgotten")] == 2
    assert effects.gauges["answers_standing", ("0",)] == 3


def test_a_hundred_thousand_records_about_one_visitor_leave_one() -> None:
    task = Bench().always(0.99).task()
    fold(task, session())
    effects = fold(task, *[answers(said("good" if n % 2 else "bad", ts=1_060.0 + n / 1e6)) for n in range(100_000)])
    assert len(dict(task.changes())) == 2
    assert effects.gauges["answers_standing", ("0",)] == 1


@pytest.mark.parametrize("label", ["good", "bad"])
def test_a_decision_of_people_is_replayed_from_its_flag(label: str) -> None:
    task = Bench().always(0.99).task()
    fold(task, session(final=True))
    (flag,) = flags(fold(task, answers(said(label, ts=2_000.0))))
    rules = RuleVersions(PATTERNS, BUDGETS, load_business_rules(), frozenset(), {"injection": 0.9})
    without_score = Flag.model_validate(flag.model_dump() | {"score": None, "model": None})
    again = rejudge(without_score, make_session(final=True), None, rules, NOW_S)
    assert again.differences == []
