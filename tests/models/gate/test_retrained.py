"""Versions that a workflow trained, from the models topic to champion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.gate.retrained import KEPT_RETRAINED
from models.serving.champion import ChampionHolder
from models.serving.ledger import Ledger
from models.serving.snapshot import record_key, sign
from models.training.trainer import Trainer
from tests.models.gate.test_rollout import (
    CONFIG,
    REFRESHED,
    after_one_by_hand,
    decided,
    elsewhere,
    honest,
    kinds,
    train,
)
from tests.models.training.test_trainer import weak_example
from weir.contracts.fast import encode
from weir.contracts.model_record import Snapshot

KEY = b"k" * 32


def retrained(examples: int = 150, name: str = "a") -> Snapshot:
    """What a workflow makes of honest examples."""
    outcomes = train(Trainer(replace(CONFIG, first_every=examples)), honest(1_000, 1_000 + examples))
    snapshot = next(outcome.snapshot for outcome in outcomes if outcome.snapshot is not None)
    return snapshot.model_copy(update={"version": f"retrain-{examples}-{name}"})


def test_a_retrained_version_is_in_shadow_then_scores_for_some_then_for_all() -> None:
    trainer, snapshot = after_one_by_hand(), retrained()
    shadow = trainer.take_retrained(snapshot, 5.0)
    assert shadow is not None
    assert (decided(shadow).kind, decided(shadow).version) == ("shadow", snapshot.version)
    assert shadow.snapshot == snapshot
    assert shadow.trial is not None
    assert shadow.trial.share == 0.0
    assert "AUC" in decided(shadow).why
    assert trainer.rollout_stage == "shadow"
    share, promotion = train(trainer, honest(0, 60))[:2]
    assert kinds([share, promotion]) == ["share", "promotion"]
    assert promotion.champion is not None
    assert promotion.champion.version == snapshot.version


def test_a_retrained_version_is_taken_once() -> None:
    trainer, snapshot = after_one_by_hand(), retrained()
    assert trainer.take_retrained(snapshot, 5.0) is not None
    assert trainer.take_retrained(snapshot, 6.0) is None
    again = Trainer(CONFIG)
    again.restore(trainer.entries())
    assert again.take_retrained(snapshot, 7.0) is None
    assert again.rollout_stage == "shadow"


def test_examples_that_waited_have_no_part_in_the_rollout() -> None:
    waits, at_once = Trainer(CONFIG), Trainer(CONFIG)
    at_once.build()
    for trainer in (waits, at_once):
        for offset in range(20):
            trainer.learn(weak_example(offset, bad=True), offset)
        assert trainer.take_retrained(retrained(), 5.0) is not None
    assert waits.rollout_stage == "shadow"
    assert waits.entries() == at_once.entries()


def test_a_retrained_version_waits_until_the_rollout_of_another_has_ended() -> None:
    trainer, first, second = after_one_by_hand(), retrained(), retrained(name="b")
    assert trainer.take_retrained(first, 5.0) is not None
    assert trainer.take_retrained(second, 6.0) is None
    train(trainer, honest(0, 60))
    assert trainer.rollout_stage is None
    outcome = trainer.take_retrained(second, 7.0)
    assert outcome is not None
    assert decided(outcome).kind == "shadow"


def test_a_retrained_version_that_new_answers_contradict_is_withdrawn() -> None:
    trainer = after_one_by_hand()
    assert trainer.take_retrained(retrained(), 5.0) is not None
    outcomes = train(trainer, elsewhere(0, 90))
    assert decided(outcomes[0]).kind == "withdrawal"
    assert all(outcome.champion is None for outcome in outcomes[:1])


def test_a_retrained_champion_is_replaced_through_the_gate_alone() -> None:
    trainer = after_one_by_hand(REFRESHED)
    assert trainer.take_retrained(retrained(), 5.0) is not None
    outcomes = train(trainer, honest(0, 400))
    assert kinds(outcomes)[:2] == ["share", "promotion"]
    # Were the learner taken for the champion's own, it would refresh it.
    assert "refresh" not in kinds(outcomes)[2:]


def test_without_rollouts_a_retrained_version_is_refused_and_says_why() -> None:
    trainer = Trainer(replace(CONFIG, rollout_answers=0))
    outcome = trainer.take_retrained(retrained(), 5.0)
    assert outcome is not None
    assert decided(outcome).kind == "refusal"
    assert "rollout_answers" in decided(outcome).why
    assert trainer.take_retrained(retrained(), 5.0) is None


@pytest.mark.parametrize(
    ("changes", "said"), [({"features_version": "0"}, "features of version 0"), ({"payload": "AAAA"}, "can't be read")]
)
def test_a_retrained_version_that_cannot_be_used_is_refused_and_says_why(changes: dict[str, str], said: str) -> None:
    trainer = after_one_by_hand()
    outcome = trainer.take_retrained(retrained().model_copy(update=changes), 5.0)
    assert outcome is not None
    assert (decided(outcome).kind, trainer.rollout_stage) == ("refusal", None)
    assert said in decided(outcome).why


def test_the_records_of_the_oldest_retrained_versions_are_taken_out_of_the_topic() -> None:
    trainer, snapshot = Trainer(replace(CONFIG, rollout_answers=0)), retrained()
    for number in range(KEPT_RETRAINED + 1):
        version = snapshot.model_copy(update={"version": f"retrain-1-{number}"})
        outcome = trainer.take_retrained(version, float(number))
    assert outcome is not None
    assert "sessions/retrain-1-0" in outcome.forgotten


def test_the_holder_gives_the_newest_retrained_version_and_keeps_the_learners_draft() -> None:
    holder, ledger = ChampionHolder(KEY), Ledger(KEY)
    draft = retrained().model_copy(update={"version": "40", "trained_to_offset": 40, "draft": True})
    for record in (draft, retrained(), retrained(name="b")):
        signed = sign(record, KEY)
        holder.offer(record_key(signed).encode(), encode(signed))
        ledger.offer(record_key(signed).encode(), encode(signed))
    assert holder.retrained is not None
    assert holder.retrained.version == "retrain-150-b"
    assert holder.opinion() is not None
    assert ledger.draft is not None
