from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from models.gate.thresholds import FEWEST, FIRST_REVIEW, LEAST_REVIEW, thresholds
from models.training.config import TrainerConfig
from models.training.trainer import Trainer
from tests.models.training.test_trainer import decided
from tests.support.examples import easy_example

scores = st.lists(st.floats(0, 1), max_size=900)


def test_nothing_is_blocked_before_there_are_enough_benign_answers() -> None:
    few = thresholds([0.1] * 599, [0.9] * 50, 0.005)
    assert (few.block_from, few.review_from, few.benign) == (None, LEAST_REVIEW, 599)
    assert few.promised > 0.005
    assert "takes 600 benign human labels, and there are 599" in few.why(0.005)
    enough = thresholds([0.1] * 600, [0.9] * 50, 0.005)
    assert enough.block_from == LEAST_REVIEW
    assert enough.promised <= 0.005
    assert enough.recall == 1.0


def test_without_answers_it_asks_where_it_is_rather_sure() -> None:
    assert thresholds([], [], 0.005).review_from == FIRST_REVIEW
    assert thresholds([0.9] * (FEWEST - 1), [], 0.005).review_from == FIRST_REVIEW


def test_the_rate_is_kept_on_sessions_that_nobody_answered_about() -> None:
    """In 200 worlds, each with its own answers: the promise fails in at most one of twenty."""
    broken = 0
    for seed in range(200):
        random = Random(seed)
        benign = [random.betavariate(1, 4) for _ in range(800)]
        block_from = thresholds(benign, [], 0.005).block_from
        assert block_from is not None
        # The share of all such sessions above it, exactly: the distribution's own tail.
        broken += (1 - block_from) ** 4 > 0.005
    assert broken <= 20


def test_a_score_that_benign_sessions_reach_in_numbers_blocks_nobody() -> None:
    assert thresholds([1.0] * 700, [1.0] * 10, 0.005).block_from is None


@given(scores, scores, st.sampled_from([0.002, 0.005, 0.01, 0.1]))
def test_no_more_benign_answers_than_the_rate_allows_are_at_or_above_the_threshold(
    benign: list[float], bad: list[float], rate: float
) -> None:
    found = thresholds(benign, bad, rate)
    assert 0 < found.review_from <= 1
    assert found.recall is None or 0 <= found.recall <= 1
    if found.block_from is not None:
        assert found.review_from <= found.block_from <= 1
        assert sum(score >= found.block_from for score in benign) <= rate * len(benign)
        assert found.promised <= rate + 1e-9
    else:
        assert found.promised > rate or max(benign) == 1.0


def test_thresholds_travel_with_the_version_and_are_told() -> None:
    trainer = Trainer(TrainerConfig(false_positive_rate=0.1))
    published = []
    for offset in range(200):
        trainer.learn(easy_example(offset), offset)
        outcome = trainer.advance(float(offset))
        if outcome is not None and outcome.champion is not None:
            published.append(outcome)
    first, last = published[0], published[-1]
    assert first.snapshot is not None
    assert last.snapshot is not None
    assert first.snapshot.block_from is None
    assert "It only asks" in decided(first).why
    assert last.snapshot.block_from is not None
    assert "It blocks from" in decided(last).why
    assert decided(last).figures["block_from"] == last.snapshot.block_from


def test_a_session_that_several_people_answer_about_counts_once() -> None:
    trainer = Trainer(TrainerConfig(false_positive_rate=0.05))
    for offset in range(200):
        about = easy_example(offset // 5, source=f"person-{offset % 5}")
        trainer.learn(about, offset)
    snapshot = trainer.refresh(0.0).draft
    assert snapshot is not None
    assert snapshot.figures["benign_answers"] < 40
    assert snapshot.block_from is None


def test_weak_labels_let_nobody_be_blocked() -> None:
    trainer = Trainer(TrainerConfig(false_positive_rate=0.1))
    for offset in range(300):
        trainer.learn(easy_example(offset, source="weak:heuristics"), offset)
    snapshot = trainer.refresh(0.0).draft
    assert snapshot is not None
    assert (snapshot.block_from, snapshot.review_from) == (None, FIRST_REVIEW)
