from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.gate.bounds import Bounds, Judged
from models.gate.refresh import Published, is_due, objections, superseded, why
from models.serving.champion import Scorer
from models.training.trainer import Trainer
from tests.models.gate.test_rollout import REFRESHED, decided, honest, kinds, train
from tests.support.examples import shuffled_example, with_newcomers
from weir.contracts.score import ModelRef

BOUNDS = Bounds()
HOUR, DAY = 3_600.0, 86_400.0


def judged(*, bad: bool, candidate: float, champion: float) -> Judged:
    return Judged(bad=bad, people=True, candidate=candidate, champion=champion, baseline=0.3)


def answers(count: int, *, candidate: float = 0.9, champion: float = 0.9, wrong: int = 0) -> list[Judged]:
    """Every third is bad; the scores given are those of the right side, and the first `wrong` of a kind are flipped."""
    found = []
    for number in range(count):
        bad = number % 3 == 0
        flips = number // 3 < wrong
        own, rival = (candidate, champion) if bad else (1 - candidate, 1 - champion)
        found.append(judged(bad=bad is not flips, candidate=own, champion=rival))
    return found


@pytest.mark.parametrize(
    ("since", "age_s", "examples", "due"),
    [
        (0, 900.0, 500, False),
        (4, 900.0, 9, False),
        (5, 0.0, 10, True),
        (4, 0.0, 12, False),
        (4, 300.0, 12, True),
        (49, 0.0, 5_000, False),
        (50, 0.0, 5_000, True),
        (20, 0.0, 200, True),
        (1, 301.0, 5_000, True),
    ],
)
def test_it_is_due_after_a_tenth_of_what_was_learned_fifty_examples_or_five_minutes(
    since: int, age_s: float, examples: int, *, due: bool
) -> None:
    assert is_due(since, age_s, examples, 50, 300.0) is due
    assert not is_due(since, age_s, examples, 0, 300.0)


def test_who_is_no_worse_may_refresh() -> None:
    against, figures = objections(answers(60), answers(100), BOUNDS)
    assert not against
    assert figures["answers"] == 60
    assert "no worse" in why(figures, against)


def test_who_errs_more_may_not() -> None:
    against, figures = objections(answers(60, candidate=0.7), answers(100), BOUNDS)
    assert any("squared error is higher" in one for one in against)
    assert why(figures, against).startswith("Not refreshed:")


def test_who_is_surer_than_it_should_be_may_not() -> None:
    fresh = answers(90, candidate=0.999, champion=0.75, wrong=8)
    against, _ = objections(fresh, fresh, BOUNDS)
    assert any("log loss" in one for one in against)


def test_who_would_flag_far_more_than_is_bad_may_not() -> None:
    fresh = [judged(bad=number % 3 == 0, candidate=0.55, champion=0.4) for number in range(60)]
    against, _ = objections(fresh, fresh, BOUNDS)
    assert any("would flag" in one for one in against)


@pytest.mark.parametrize("wrong", [4, 6, 8])
def test_answers_that_contradict_both_sides_stop_it(wrong: int) -> None:
    newest = [*answers(100), *answers(25, wrong=wrong)]
    against, _ = objections([], newest, BOUNDS)
    assert any("contradict" in one for one in against)


def test_a_new_kind_of_abuse_contradicts_one_side_alone_and_stops_nothing() -> None:
    new = [judged(bad=True, candidate=0.1, champion=0.1) for _ in range(12)]
    assert not objections([], [*answers(100), *new], BOUNDS)[0]


def test_one_answer_in_twenty_that_is_wrong_stops_nothing() -> None:
    newest = answers(200)
    newest[::20] = [
        judged(bad=not one.bad, candidate=one.candidate, champion=one.champion or 0) for one in newest[::20]
    ]
    assert not objections([], newest, BOUNDS)[0]


def test_a_refresh_is_refused_while_answers_are_poisoned_and_on_record() -> None:
    trainer = Trainer(REFRESHED)
    train(trainer, honest(0, 400))
    outcomes = train(trainer, [shuffled_example(seed) for seed in range(20_000, 20_200)], 20_000)
    # The first may come before there are enough wrong answers to tell.
    assert set(kinds(outcomes[1:])) == {"refusal"}
    assert "contradict" in decided(outcomes[-1]).why


def test_a_new_kind_of_abuse_is_served_within_dozens_of_answers() -> None:
    trainer = Trainer(REFRESHED)
    train(trainer, honest(0, 400))
    before = trainer.champion
    outcomes = train(trainer, with_newcomers(1_000, 1_100, bad=True), 1_000)
    assert set(kinds(outcomes)) == {"refresh"}
    assert trainer.champion != before


@given(
    st.lists(st.integers(0, 10 * 86_400), max_size=60, unique=True),
    st.integers(0, 20 * 86_400),
)
def test_of_superseded_refreshes_those_in_use_one_an_hour_for_a_day_and_one_a_day_stay(
    times: list[int], later_s: int
) -> None:
    published = [Published(str(at), at, float(at)) for at in sorted(times)]
    now_s = (published[-1].at if published else 0.0) + later_s
    in_use = {one.version for one in published[-1:] + published[:1]}
    kept, gone = superseded(published, in_use, now_s)
    assert sorted([*kept, *gone], key=lambda one: one.at) == published
    assert in_use <= {one.version for one in kept}
    young = [one.at // HOUR for one in kept if now_s - one.at < DAY and one.version not in in_use]
    old = [one.at // DAY for one in kept if now_s - one.at >= DAY and one.version not in in_use]
    assert len(set(young)) == len(young)
    assert len(set(old)) == len(old)
    hours = {one.at // HOUR for one in published if now_s - one.at < DAY}
    assert hours == {one.at // HOUR for one in kept if now_s - one.at < DAY}
    # What stayed once stays until it is older, and what went doesn't come back.
    assert set(map(str, superseded(kept, in_use, now_s)[1])) == set()


def test_the_learner_serves_no_older_than_fifty_examples() -> None:
    trainer = Trainer(REFRESHED)
    versions = []
    for offset, example in enumerate(honest(0, 1_200)):
        trainer.learn(example, offset)
        trainer.advance(decided_at=0.0)
        if trainer.champion is not None:
            versions.append(offset + 1 - int(trainer.champion.version))
    assert max(versions) <= 50 + 10
    assert len([1 for before, after in itertools.pairwise(versions) if after < before]) > 30


def test_a_refresh_that_answers_turn_against_is_taken_back() -> None:
    """Wrong answers of one kind pass for news; when the truth comes back, so does who scored before them."""
    trainer = Trainer(REFRESHED)
    train(trainer, honest(0, 300))
    train(trainer, with_newcomers(1_000, 1_400, bad=True), 1_000)
    spoilt = train(trainer, with_newcomers(2_000, 2_080, bad=False), 2_000)
    assert "refresh" in kinds(spoilt)
    back = train(trainer, with_newcomers(3_000, 3_200, bad=True), 3_000)
    (rollback,) = [one for one in back if decided(one).kind == "rollback"]
    assert int(decided(rollback).version) <= 2_001
    assert rollback.snapshot is not None
    # The learner goes on where it is no worse by then.
    later = train(trainer, with_newcomers(5_000, 5_200, bad=True), 5_000)
    assert "refresh" in kinds(later)


def test_a_person_who_goes_back_is_not_overruled_by_a_refresh() -> None:
    trainer = Trainer(REFRESHED)
    train(trainer, honest(0, 300))
    by_hand = Scorer(ModelRef(id="sessions", version="30"), "people", 999, trainer.build())
    assert trainer.adopt_decision(by_hand, 999)
    assert "refresh" not in kinds(train(trainer, honest(300, 700), 300))
    assert trainer.champion == by_hand.ref
