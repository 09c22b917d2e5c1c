from __future__ import annotations

import random
from collections import Counter

from models.labels.sampling import is_in_sample
from rules.judgement import Judgement
from streams.score.anomaly import AnomalyScorer
from streams.score.desk import MOST_SAVED, ReviewDesk
from streams.score.scored import Scored
from tests.support.sessions import make_session
from weir.contracts import Review
from weir.contracts.flag import Verdict


def asked(  # noqa: PLR0913 -- what a session may be
    desk: ReviewDesk,
    number: int,
    *,
    score: float | None = 0.01,
    verdict: Verdict = "allow",
    events: int = 4,
    anomaly: AnomalyScorer | None = None,
) -> Review | None:
    chance = random.Random(number)
    session = make_session(
        session_id=f"s{number}", final=True, events=events, bytes=int(1_000 * chance.lognormvariate(0, 1))
    )
    scored = Scored.of(session, None)
    unusual = anomaly.score(session.session_id, scored.features) if anomaly is not None else None
    scored = Scored(session, scored.features, scored.features_hash, score, None, unusual)
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
    desk, anomaly = ReviewDesk(0.0, 0.01), AnomalyScorer()
    assert not any(asked(desk, number, events=90_000, anomaly=anomaly) for number in range(20_000, 20_001))
    for number in range(1_000):
        asked(desk, number, anomaly=anomaly)
    found = [asked(desk, number, events=90_000, anomaly=anomaly) for number in range(10_000, 10_100)]
    assert {review.why for review in found if review is not None} == {"novel"}


def test_of_unusual_sessions_one_in_ten_is_a_question() -> None:
    desk = ReviewDesk(0.0, 1.0)
    scored = Scored.of(make_session(final=True), None)
    judgement = Judgement("allow", "model", (), (), ())
    found = 0
    for number in range(2_000):
        session = make_session(session_id=f"s{number}", final=True)
        one = Scored(session, scored.features, scored.features_hash, None, None, 9.0)
        found += desk.question(one, judgement) is not None
    assert 150 < found < 250


def test_what_is_dealt_with_already_is_not_asked_about_for_being_unusual() -> None:
    desk, anomaly = ReviewDesk(0.0, 0.01), AnomalyScorer()
    for number in range(1_000):
        asked(desk, number, anomaly=anomaly)
    found = [asked(desk, number, events=90_000, verdict="block", anomaly=anomaly) for number in range(10_000, 10_100)]
    assert not any(found)
