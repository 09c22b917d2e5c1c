from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from models.families.registry import FAMILIES
from models.labels.sampling import is_in_sample
from models.serving.champion import Scorer
from models.training.config import Outcome, TrainerConfig
from models.training.decisions import KEPT_REFUSALS
from models.training.trainer import MOST_WAITING, Trainer
from tests.support.examples import easy_example, shuffled_example
from weir.contracts.model_record import Decision
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample
from weir.errors import SnapshotError

CONFIG = TrainerConfig(window=200, every=100, first_from=100, first_every=100, refresh_every=0)


def decided(outcome: Outcome) -> Decision:
    assert outcome.decision is not None
    return outcome.decision


def train(trainer: Trainer, examples: list[TrainingExample], start: int = 0) -> list[str]:
    """Learns all, meets when due, and tells how the meetings ended."""
    ends: list[str] = []
    for offset, example in enumerate(examples, start):
        trainer.learn(example, offset)
        if trainer.is_evaluation_due:
            ends.append(decided(trainer.evaluate(decided_at=float(offset))).kind)
    return ends


def test_a_candidate_that_learned_becomes_champion_once() -> None:
    trainer = Trainer(CONFIG)
    ends = train(trainer, [easy_example(seed) for seed in range(300)])
    assert ends[0] == "promotion"
    assert trainer.champion is not None
    assert trainer.qualities()["candidate"].auc > 0.9


def test_shuffled_labels_promote_nobody() -> None:
    trainer = Trainer(CONFIG)
    assert set(train(trainer, [shuffled_example(seed) for seed in range(500)])) == {"refusal"}
    assert trainer.champion is None


def test_a_champion_stays_while_labels_are_poisoned() -> None:
    trainer = Trainer(CONFIG)
    train(trainer, [easy_example(seed) for seed in range(200)])
    champion = trainer.champion
    ends = train(trainer, [shuffled_example(seed) for seed in range(1_000, 1_400)], start=200)
    assert set(ends) == {"refusal"}
    assert trainer.champion == champion


def test_weak_labels_suffice_and_the_snapshot_says_so() -> None:
    trainer = Trainer(CONFIG)
    for offset in range(100):
        trainer.learn(easy_example(offset, source="weak:heuristics", weight=0.5), offset)
    snapshot = trainer.evaluate(1.0).snapshot
    assert snapshot is not None
    assert snapshot.learned_from == "weak"
    trainer.learn(easy_example(101), 101)
    trainer.learn(easy_example(102), 102)
    assert decided(trainer.evaluate(2.0)).number == 1


def test_the_same_examples_give_the_same_records_wherever_a_restart_falls() -> None:
    examples = [easy_example(seed) for seed in range(230)]
    whole = Trainer(CONFIG)
    train(whole, examples)
    for cut in (0, 1, 99, 100, 101, 205):
        first = Trainer(CONFIG)
        train(first, examples[:cut])
        second = Trainer(CONFIG)
        second.restore(first.entries())
        train(second, examples[cut:], start=cut)
        assert second.entries() == whole.entries()


def test_features_of_another_version_are_passed_over() -> None:
    trainer = Trainer(CONFIG)
    assert not trainer.learn(easy_example(1).model_copy(update={"features_version": "0"}), 0)
    assert trainer.examples == 0


def test_a_persons_decision_is_taken_over_and_the_window_starts_anew() -> None:
    trainer = Trainer(CONFIG)
    train(trainer, [easy_example(seed) for seed in range(150)])
    by_hand = Scorer(ModelRef(id="sessions", version="by-hand"), "people", 9, FAMILIES["hashed-logistic"]())
    assert trainer.adopt_decision(by_hand, 9)
    assert not trainer.adopt_decision(by_hand, 9)
    assert trainer.champion == by_hand.ref
    decision = decided(trainer.evaluate(1.0))
    assert decision.number == 10
    assert "too few" in decision.why


def test_a_broken_state_is_refused() -> None:
    with pytest.raises(SnapshotError):
        Trainer(CONFIG).restore({"counts": b"{", "candidate": b"{}"})


def test_old_refusals_are_taken_off_the_record() -> None:
    trainer = Trainer(CONFIG)
    outcomes = [trainer.evaluate(float(n)) for n in range(KEPT_REFUSALS + 2)]
    assert [outcome.forgotten for outcome in outcomes] == [()] * KEPT_REFUSALS + [("decision/0",), ("decision/1",)]


def answered(number: int, *, verdict: str | None, bad: bool, source: str = "ana") -> TrainingExample:
    changed = {"verdict": verdict, "label": "bad" if bad else "good", "source": source}
    return easy_example(number).model_copy(update=changed)


def test_recall_is_estimated_from_the_random_sample_alone() -> None:
    trainer = Trainer(TrainerConfig(sample_share=0.5))
    assert trainer.recall() is None
    for number in range(400):
        sampled = is_in_sample(f"s{number}", 0.5)
        # Where nobody looks at random, all that is bad was flagged: those were asked about for being flagged.
        trainer.learn(answered(number, verdict="allow" if sampled and number % 2 else "block", bad=True), number)
    recall = trainer.recall()
    assert recall is not None
    assert recall.low < 0.5 < recall.high < 0.65


def test_a_source_that_contradicts_all_others_teaches_less_and_judges_nobody() -> None:
    trainer = Trainer(CONFIG)
    for number in range(120):
        bad = number % 3 == 0
        for source in ("ana", "ben", "chi"):
            trainer.learn(answered(number, verdict=None, bad=bad, source=source), number)
        trainer.learn(answered(number, verdict=None, bad=not bad, source="mallory"), number)
    assert set(trainer.doubted()) == {"mallory"}
    decision = decided(trainer.evaluate(1.0))
    assert decision.figures["worth of mallory"] < 0.2
    assert "150 human labels" in decision.why  # of 200, every fourth is mallory's


def test_what_a_prediction_costs_is_of_the_examples_that_were_timed_here() -> None:
    """After a restart most of the examples since the last meeting were timed by the process before."""
    seconds = itertools.count()
    slow = lambda: float(next(seconds))  # noqa: E731 -- each look at the clock is a second later: a prediction takes one
    config = replace(CONFIG, window=100)
    first = Trainer(config)
    train(first, [easy_example(seed) for seed in range(90)])
    second = Trainer(config, slow)
    second.restore(first.entries())
    (why,) = [
        decided(second.evaluate(decided_at=0.0)).why
        for offset in range(90, 100)
        if second.learn(easy_example(offset), offset) and second.is_evaluation_due
    ]
    assert "a prediction takes 1000000 µs" in why


def weak_example(seed: int, *, bad: bool, source: str = "weak:heuristics") -> TrainingExample:
    return easy_example(seed, source=source, weight=0.5).model_copy(update={"label": "bad" if bad else "good"})


@pytest.mark.parametrize("then", ["nothing", "weak good", "person", "old features", "champion"])
@pytest.mark.parametrize("count", [0, 1, 40, 99])
def test_examples_that_wait_leave_the_state_that_they_leave_when_learned_at_once(count: int, then: str) -> None:
    waits, at_once = Trainer(CONFIG), Trainer(CONFIG)
    at_once.build()
    for trainer in (waits, at_once):
        for offset in range(count):
            trainer.learn(weak_example(offset, bad=True), offset)
        if then == "weak good":
            trainer.learn(weak_example(count, bad=False), count)
        elif then == "person":
            trainer.learn(easy_example(count), count)
        elif then == "old features":
            trainer.learn(easy_example(count).model_copy(update={"features_version": "0"}), count)
        elif then == "champion":
            by_hand = Scorer(ModelRef(id="sessions", version="by-hand"), "people", 9, FAMILIES["hashed-logistic"]())
            trainer.adopt_decision(by_hand, 9)
    assert waits.entries() == at_once.entries()
    assert waits.qualities() == at_once.qualities()


def test_weak_labels_of_one_kind_wait_and_the_first_other_label_ends_that() -> None:
    trainer = Trainer(CONFIG)
    for offset in range(20):
        trainer.learn(weak_example(offset, bad=True), offset)
    assert (trainer.examples, trainer.qualities()) == (20, {})
    trainer.learn(weak_example(20, bad=False), 20)
    assert trainer.qualities()["candidate"].examples == 21


def test_no_more_than_a_hundred_of_one_kind_are_ever_learned() -> None:
    waits, restarted = Trainer(CONFIG), Trainer(CONFIG)
    for offset in range(MOST_WAITING + 50):
        waits.learn(weak_example(offset, bad=True), offset)
        if offset == MOST_WAITING // 2:
            restarted.restore(waits.entries())
        elif offset > MOST_WAITING // 2:
            restarted.learn(weak_example(offset, bad=True), offset)
    for trainer in (waits, restarted):
        assert trainer.examples == MOST_WAITING + 50
        assert not trainer.is_evaluation_due
        trainer.learn(weak_example(999, bad=False), 999)
        assert trainer.qualities()["candidate"].examples == MOST_WAITING + 1
        assert trainer.is_evaluation_due
    assert waits.entries() == restarted.entries()


def test_a_candidate_that_waited_meets_as_one_that_did_not() -> None:
    waits, at_once = Trainer(CONFIG), Trainer(CONFIG)
    at_once.build()
    for trainer in (waits, at_once):
        for offset in range(100):
            trainer.learn(weak_example(offset, bad=True), offset)
    assert waits.evaluate(1.0) == at_once.evaluate(1.0)
