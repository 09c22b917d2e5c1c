from __future__ import annotations

import random
from collections import Counter

import pytest

from models.sampling import is_in_sample
from rules.judgement import Judgement
from streams.score import desk as module
from streams.score.desk import MOST_SAVED, ReviewDesk
from streams.score.scored import Scored
from tests.support.sessions import make_session
from weir.contracts import Review
from weir.contracts.flag import Verdict


def asked(
    desk: ReviewDesk, number: int, *, score: float | None = 0.01, verdict: Verdict = "allow", events: int = 4
) -> Review | None:
    chance = random.Random(number)
    session = make_session(
        session_id=f"s{number}", final=True, events=events, bytes=int(1_000 * chance.lognormvariate(0, 1))
    )
    scored = Scored.of(session, None)
    scored = Scored(session, scored.features, scored.features_hash, score, None)
    return desk.question(scored, Judgement(verdict, "model", (), (), ()))


def reasons(desk: ReviewDesk, sessions: int, *, score: float) -> Counter[str]:
    found = (asked(desk, number, score=score) for number in range(sessions))
    return Counter(review.why for review in found if review is not None)


def test_questions_about_unsure_sessions_stay_under_the_ceiling() -> None:
    found = reasons(ReviewDesk(0.0, 0.01), 5_000, score=0.5)
    assert set(found) == {"unsure"}
    assert found["unsure"] <= 50 + MOST_SAVED


def test_the_random_sample_is_asked_about_whatever_the_ceiling_says() -> None:
    found = reasons(ReviewDesk(0.05, 0.0), 2_000, score=0.5)
    assert found == {"random": sum(is_in_sample(f"s{number}", 0.05) for number in range(2_000))}


def test_a_sure_model_raises_no_question() -> None:
    assert not reasons(ReviewDesk(0.0, 1.0), 500, score=0.01)


def test_an_unusual_session_is_a_question_once_what_is_usual_is_known() -> None:
    desk = ReviewDesk(0.0, 0.01)
    for number in range(6_000):
        asked(desk, number)
    found = [asked(desk, number, events=90_000) for number in range(10_000, 10_100)]
    assert {review.why for review in found if review is not None} == {"novel"}


def test_what_is_dealt_with_already_is_not_asked_about_for_being_unusual() -> None:
    desk = ReviewDesk(0.0, 0.01)
    for number in range(6_000):
        asked(desk, number)
    assert not any(asked(desk, number, events=90_000, verdict="block") for number in range(10_000, 10_100))


def test_sessions_that_are_held_change_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    def questions() -> list[Review | None]:
        desk = ReviewDesk(0.0, 0.01)
        return [asked(desk, number, events=4 if number % 50 else 90_000) for number in range(4_000)]

    held = questions()
    monkeypatch.setattr(module, "HELD", 1)
    assert held == questions()
    assert any(held)
