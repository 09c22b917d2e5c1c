from __future__ import annotations

import random
from collections import Counter

from models.labels.sampling import is_in_sample
from rules.judgement import Judgement
from streams.score.anomaly import AnomalyScorer
from streams.score.review_sampler import MOST_SAVED, ReviewSampler
from streams.score.scored import ScoredSession
from tests.support.sessions import make_session
from weir.contracts import Review
from weir.contracts.flag import Verdict


def asked(  # noqa: PLR0913 -- what a session may be
    sampler: ReviewSampler,
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
    scored = ScoredSession.of(session, None)
    unusual = anomaly.score(session.session_id, scored.features) if anomaly is not None else None
    scored = ScoredSession(session, scored.features, scored.features_hash, score, None, unusual)
    return sampler.question(scored, Judgement(verdict, "model", (), (), ()))


def reasons(sampler: ReviewSampler, sessions: int, *, score: float) -> Counter[str]:
    found = (asked(sampler, number, score=score) for number in range(sessions))
    return Counter(review.why for review in found if review is not None)


def test_questions_about_unsure_sessions_stay_under_the_ceiling() -> None:
    found = reasons(ReviewSampler(0.0, 0.01), 5_000, score=0.5)
    assert set(found) == {"unsure"}
    assert found["unsure"] <= 50 + MOST_SAVED


def test_the_random_sample_is_asked_about_whatever_the_ceiling_says() -> None:
    found = reasons(ReviewSampler(0.05, 0.0), 2_000, score=0.5)
    assert found == {"random": sum(is_in_sample(f"s{number}", 0.05) for number in range(2_000))}


def test_a_sure_model_raises_no_question() -> None:
    assert not reasons(ReviewSampler(0.0, 1.0), 500, score=0.01)


def test_an_unusual_session_is_a_question_once_what_is_usual_is_known() -> None:
    sampler, anomaly = ReviewSampler(0.0, 0.01), AnomalyScorer()
    assert not any(asked(sampler, number, events=90_000, anomaly=anomaly) for number in range(20_000, 20_001))
    for number in range(1_000):
        asked(sampler, number, anomaly=anomaly)
    found = [asked(sampler, number, events=90_000, anomaly=anomaly) for number in range(10_000, 10_100)]
    assert {review.why for review in found if review is not None} == {"novel"}


def test_of_unusual_sessions_one_in_ten_is_a_question() -> None:
    sampler = ReviewSampler(0.0, 1.0)
    scored = ScoredSession.of(make_session(final=True), None)
    judgement = Judgement("allow", "model", (), (), ())
    found = 0
    for number in range(2_000):
        session = make_session(session_id=f"s{number}", final=True)
        one = ScoredSession(session, scored.features, scored.features_hash, None, None, 9.0)
        found += sampler.question(one, judgement) is not None
    assert 150 < found < 250


def test_what_is_dealt_with_already_is_not_asked_about_for_being_unusual() -> None:
    sampler, anomaly = ReviewSampler(0.0, 0.01), AnomalyScorer()
    for number in range(1_000):
        asked(sampler, number, anomaly=anomaly)
    found = [
        asked(sampler, number, events=90_000, verdict="block", anomaly=anomaly) for number in range(10_000, 10_100)
    ]
    assert not any(found)
