"""From the gate to all traffic, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from models.families.registry import FAMILIES
from models.serving.champion import Scorer
from models.training.config import Outcome, TrainerConfig
from models.training.trainer import Trainer
from tests.support.examples import easy_example, shuffled_example, with_newcomers
from weir.contracts.model_record import Decision
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample

REFRESHED = TrainerConfig(window=200, every=100, rollout_answers=10)
CONFIG = replace(REFRESHED, refresh_every=0)
"""Champions are replaced through the gate alone."""
BY_HAND = ModelRef(id="sessions", version="by-hand")


def after_one_by_hand(config: TrainerConfig = CONFIG) -> Trainer:
    """A trainer whose champion is another model than its learner, and knows nothing: it can be replaced alone."""
    trainer = Trainer(config)
    assert trainer.adopt_decision(Scorer(BY_HAND, "people", 0, FAMILIES["hashed-logistic"]()), 0)
    return trainer


def train(trainer: Trainer, examples: Iterable[TrainingExample], start: int = 0) -> list[Outcome]:
    found = []
    for offset, example in enumerate(examples, start):
        trainer.learn(example, offset)
        outcome = trainer.advance(decided_at=float(offset))
        if outcome is not None and outcome.decision is not None:
            found.append(outcome)
    return found


def kinds(outcomes: Iterable[Outcome]) -> list[str]:
    return [decided(outcome).kind for outcome in outcomes]


def decided(outcome: Outcome) -> Decision:
    assert outcome.decision is not None
    return outcome.decision


def honest(start: int, end: int) -> list[TrainingExample]:
    return [easy_example(seed) for seed in range(start, end)]


def elsewhere(start: int, end: int) -> list[TrainingExample]:
    """A world in which the same abuse looks like what was harmless, and the reverse."""
    return [easy_example(seed, flip=True) for seed in range(start, end)]


def test_who_passes_the_gate_is_in_shadow_then_scores_for_some_then_for_all() -> None:
    trainer = after_one_by_hand()
    shadow, share, promotion = train(trainer, honest(0, 150))
    assert kinds([shadow, share, promotion]) == ["shadow", "share", "promotion"]
    assert shadow.snapshot is not None
    assert [decided(outcome).version for outcome in (shadow, share, promotion)] == ["100"] * 3
    assert [decided(outcome).number for outcome in (shadow, share, promotion)] == [1, 2, 3]
    assert shadow.trial is not None
    assert share.trial is not None
    assert (shadow.trial.share, share.trial.share) == (0.0, CONFIG.rollout_share)
    assert (shadow.champion, share.champion) == (None, None)
    assert promotion.champion is not None
    assert promotion.champion.decision == 3
    assert trainer.champion == ModelRef(id="sessions", version="100")
    assert decided(share).figures["answers"] >= CONFIG.rollout_answers


def test_nobody_meets_the_gate_while_one_is_on_trial() -> None:
    trainer = after_one_by_hand(replace(CONFIG, every=50, rollout_answers=60))
    outcomes = train(trainer, honest(0, 109))
    assert kinds(outcomes)[0] == "shadow"
    assert "refusal" not in kinds(outcomes)
    assert not trainer.is_evaluation_due


def test_who_does_not_hold_what_it_promised_is_withdrawn() -> None:
    trainer = after_one_by_hand()
    assert kinds(train(trainer, honest(0, 100))) == ["shadow"]
    (withdrawn,) = [one for one in train(trainer, elsewhere(100, 190), 100) if decided(one).kind == "withdrawal"]
    assert withdrawn.trial is not None
    assert withdrawn.trial.version is None
    assert trainer.rollout_stage is None
    assert trainer.champion == BY_HAND


def test_a_trial_that_never_leads_comes_to_an_end() -> None:
    trainer = after_one_by_hand(replace(CONFIG, rollout_answers=3))
    train(trainer, honest(0, 100))
    assert kinds(train(trainer, [shuffled_example(seed) for seed in range(100, 140)], 100))[-1] != "shadow"
    assert trainer.rollout_stage is None


def with_two_champions() -> Trainer:
    """The first doesn't know the newcomers; the second knows them to be bad."""
    trainer = after_one_by_hand()
    train(trainer, honest(0, 150))
    start = 150
    while trainer.champion == ModelRef(id="sessions", version="100"):
        train(trainer, with_newcomers(start, start + 50, bad=True), start)
        start += 50
        assert start < 3_000
    return trainer


def test_when_the_answers_turn_against_the_champion_the_one_before_scores_again() -> None:
    trainer = with_two_champions()
    newer = trainer.champion
    assert newer is not None
    outcomes = train(trainer, with_newcomers(10_000, 10_100, bad=False), 10_000)
    back = next(one for one in outcomes if decided(one).kind == "rollback")
    assert decided(back).decided_by == "gate"
    assert (decided(back).version, decided(back).previous_version) == ("100", newer.version)
    assert decided(back).figures["evidence_against"] >= CONFIG.bounds.least_e_value
    assert back.snapshot is not None
    assert back.snapshot.version == "100"
    assert back.champion is not None
    assert back.champion.version == "100"
    assert trainer.champion == ModelRef(id="sessions", version="100")


def test_a_first_champion_that_is_worse_than_knowing_nothing_leaves_the_place_empty() -> None:
    # A family that gets sure slowly: a sure one that answers contradict in all is in doubt, and stays.
    config = replace(REFRESHED, family="blended-logistic")
    trainer = Trainer(config)
    assert "promotion" in kinds(train(trainer, honest(0, 40)))
    outcomes = train(trainer, elsewhere(10_000, 10_050), 10_000)
    back = next(one for one in outcomes if decided(one).kind == "rollback")
    assert decided(back).version == ""
    assert back.snapshot is None
    assert back.champion is not None
    assert not back.champion.version
    first = ModelRef(id="sessions", version=str(decided(back).previous_version))
    assert "the naive baseline" in decided(back).why
    # A worker that still hears of the one that was taken back doesn't bring it back; a person's later word does.
    model = FAMILIES["hashed-logistic"]()
    restored = Trainer(config)
    restored.restore(trainer.entries())
    if trainer.champion is None:
        assert not restored.adopt_decision(
            Scorer(first, "people", decided(back).number - 1, model), decided(back).number
        )
        assert restored.champion is None
    assert restored.adopt_decision(Scorer(first, "people", decided(back).number + 9, model), decided(back).number + 9)


def test_answers_that_contradict_everything_take_nobody_back() -> None:
    trainer = with_two_champions()
    newer = trainer.champion
    outcomes = train(trainer, [shuffled_example(seed) for seed in range(20_000, 20_400)], 20_000)
    assert set(kinds(outcomes)) <= {"refusal"}
    assert trainer.champion == newer


def test_a_persons_decision_ends_a_trial_and_the_way_back() -> None:
    trainer = after_one_by_hand()
    train(trainer, honest(0, 105))
    by_hand = Scorer(ModelRef(id="sessions", version="by-hand"), "people", 9, FAMILIES["hashed-logistic"]())
    assert trainer.adopt_decision(by_hand, 9)
    assert trainer.rollout_stage is None
    assert kinds(train(trainer, honest(105, 150), 105)) == []


@pytest.mark.parametrize("cut", [100, 104, 112, 119, 121, 140])
def test_a_restart_in_the_middle_of_a_trial_changes_nothing(cut: int) -> None:
    examples = honest(0, 150)
    whole, first, second = after_one_by_hand(), after_one_by_hand(), Trainer(CONFIG)
    decided = train(whole, examples)
    before = train(first, examples[:cut])
    second.restore(first.entries())
    assert before + train(second, examples[cut:], cut) == decided
    assert second.entries() == whole.entries()


def test_what_a_person_decides_in_between_changes_no_candidate() -> None:
    examples = [example.model_copy(update={"score": 0.97}) for example in honest(0, 300)]
    alone, overruled = Trainer(CONFIG), Trainer(CONFIG)
    train(alone, examples)
    train(overruled, examples[:170])
    by_hand = Scorer(ModelRef(id="sessions", version="by-hand"), "people", 99, FAMILIES["hashed-logistic"]())
    assert overruled.adopt_decision(by_hand, 99)
    train(overruled, examples[170:], 170)
    assert overruled.candidate_state() == alone.candidate_state()
    assert overruled.champion != alone.champion


def test_rollouts_that_are_turned_off_end_the_one_under_way_and_take_nothing_back() -> None:
    whole = after_one_by_hand()
    found = train(whole, honest(0, 101))
    assert kinds(found) == ["shadow"]
    after = Trainer(replace(CONFIG, rollout_answers=0))
    after.restore(whole.entries())
    (promotion,) = train(after, honest(101, 102), start=101)
    assert decided(promotion).kind == "promotion"
    assert promotion.champion is not None
    # The world turns upside down; nothing is taken back by itself, as the setting says.
    assert "rollback" not in kinds(train(after, elsewhere(102, 150), start=102))


def test_a_champion_that_was_watched_is_watched_no_more_once_rollouts_are_turned_off() -> None:
    whole = after_one_by_hand()
    assert kinds(train(whole, honest(0, 150))) == ["shadow", "share", "promotion"]
    after = Trainer(replace(CONFIG, rollout_answers=0))
    after.restore(whole.entries())
    assert "rollback" not in kinds(train(after, elsewhere(150, 240), start=150))


def test_a_champion_of_the_time_without_rollouts_is_not_judged_by_what_was_before_it() -> None:
    """Turned off and on again: the evidence and the way back of the champion before it are not its own."""
    rolled_out = after_one_by_hand()
    train(rolled_out, honest(0, 150))
    at_once = Trainer(replace(CONFIG, rollout_answers=0))
    at_once.restore(rolled_out.entries())
    start = 150
    while at_once.champion == rolled_out.champion:
        train(at_once, with_newcomers(start, start + 50, bad=True), start)
        start += 50
        assert start < 3_000
    newer = at_once.champion
    assert newer is not None
    again = Trainer(CONFIG)
    again.restore(at_once.entries())
    outcomes = train(again, with_newcomers(10_000, 10_100, bad=False), 10_000)
    assert "rollback" not in kinds(outcomes)
