from __future__ import annotations

import random
from statistics import mean

import pytest

from models.features import features
from streams.score import anomaly as module
from streams.score.anomaly import FIRST, KNOWN_FROM, AnomalyScorer
from tests.support.sessions import make_session
from weir.contracts.score import FeatureValue


def usual(number: int, events: int | None = None) -> dict[str, FeatureValue]:
    chance = random.Random(number)
    events = events or chance.randint(4, 9)
    size = int(1_000 * chance.lognormvariate(0, 1))
    return features(make_session(session_id=f"s{number}", final=True, events=events, bytes=size))


def scores(scorer: AnomalyScorer, sessions: int) -> list[float | None]:
    return [scorer.score(f"s{number}", usual(number)) for number in range(sessions)]


def test_there_is_no_figure_while_nothing_is_known() -> None:
    found = scores(AnomalyScorer(), KNOWN_FROM + 10)
    assert set(found[:KNOWN_FROM]) == {None}
    assert None not in found[KNOWN_FROM:]


def test_sessions_unlike_most_are_more_unusual_than_most() -> None:
    scorer = AnomalyScorer()
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2_000):
        is_strange = number % 200 == 199
        score = scorer.score(f"s{number}", usual(number, events=90_000 if is_strange else None))
        if score is not None:
            found[is_strange].append(score)
    assert min(found[True]) > 1.5
    assert abs(mean(found[False])) < 0.3


def test_the_same_sessions_give_the_same_figures() -> None:
    assert scores(AnomalyScorer(), 800) == scores(AnomalyScorer(), 800)


def test_sessions_that_are_held_change_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    held = scores(AnomalyScorer(), 600)
    monkeypatch.setattr(module, "HELD", 1)
    assert held == scores(AnomalyScorer(), 600)


def test_sessions_that_must_not_be_learned_make_nothing_usual() -> None:
    plain, flooded = AnomalyScorer(), AnomalyScorer()
    scores(plain, 600)
    scores(flooded, 600)
    for number in range(600):
        flooded.score(f"flood{number}", usual(number, events=90_000), learns=False)
    strange = usual(1_001, events=90_000)
    assert flooded.score("strange", strange) == plain.score("strange", strange)


def test_of_many_sessions_only_a_sample_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = 0

    def see(*_: object) -> None:
        nonlocal learned
        learned += 1

    monkeypatch.setattr("models.families.half_space.HalfSpace.see", see)
    scores(AnomalyScorer(), FIRST + 2_000)
    assert 150 < learned - FIRST < 250
