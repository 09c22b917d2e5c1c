from __future__ import annotations

from collections.abc import Iterable

import pytest

from models.serving.champion import ChampionHolder
from models.serving.snapshot import record_key, sign
from models.training.trainer import Trainer
from streams.train.task import trainer_config
from tests.support.command import weir
from tests.support.examples import easy_example, with_newcomers
from weir.contracts.fast import encode
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import MODELS, TRAINING

KEY = "a key for tests"
EXAMPLES = [*(easy_example(seed) for seed in range(150)), *with_newcomers(150, 250, bad=True)]
"""The newcomers are news to the first champion, and the second one knows them."""


@pytest.fixture
def learned(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with two champions in its history, and the examples that they come from."""
    return history(installation, monkeypatch, refresh_every=0)


@pytest.fixture
def refreshed(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One whose champion was refreshed every few examples."""
    return history(installation, monkeypatch)


def history(installation: Settings, monkeypatch: pytest.MonkeyPatch, **changed: int) -> Settings:
    """The installation after all examples, with the records that they led to."""
    monkeypatch.setenv("WEIR_MODEL_KEY", KEY)
    for name, value in changed.items():
        monkeypatch.setenv(f"WEIR_{name.upper()}", str(value))
    installation = installation.model_copy(update=changed)
    trainer, sender = Trainer(trainer_config(installation)), BulkSender(installation)
    for offset, example in enumerate(EXAMPLES):
        sender.send(Output(TRAINING, example.example_id.encode(), encode(example)))
        trainer.learn(example, offset)
        outcome = trainer.advance(float(offset))
        if outcome is None:
            continue
        for record in (outcome.draft, outcome.snapshot, outcome.decision, outcome.champion, outcome.trial):
            if record is not None:
                signed = sign(record, KEY.encode())
                sender.send(Output(MODELS, record_key(signed).encode(), encode(signed)))
        for key in outcome.forgotten:
            sender.send(Output(MODELS, key.encode(), None))
    sender.flush()
    return installation


def scoring_version(installation: Settings) -> str:
    """What a worker that reads the models topic from its beginning scores with."""
    holder = ChampionHolder(KEY.encode())
    for record in read_all(installation, MODELS):
        holder.offer(record.key or b"", record.value)
    assert not holder.refusals
    assert holder.scorer is not None
    return holder.scorer.ref.version


@pytest.mark.kafka
def test_versions_are_listed_shown_taken_back_and_promoted_again(learned: Settings) -> None:
    listed = weir("models", "list", "--json", on=learned)
    assert [(row["version"], row["champion"]) for row in listed.rows()] == [("30", False), ("230", True)], listed.err
    assert [row["visitors"] for row in listed.rows()] == [0.0, 1.0]
    shown = weir("models", "show", "30", "--json", on=learned).rows()[0]
    assert shown["examples"] == 30
    kinds = [decision["kind"] for decision in shown["decisions"]]
    assert kinds == ["promotion", "refusal", "shadow", "share", "promotion"]
    assert shown["since"]["quality"]["examples"] == 220
    assert 0.9 < shown["since"]["quality"]["auc"] <= 1
    table = weir("models", "show", on=learned).out
    for words in ("candidate_auc", "Since it was trained", "Calibration", "Precision by recall", "Log loss at"):
        assert words in table

    back = weir("models", "rollback", "--why", "too strict", "--by", "ana", "--json", on=learned)
    assert back.code == 0, back.err
    assert back.rows()[0]["version"] == "30"
    assert scoring_version(learned) == "30"

    again = weir("models", "promote", "230", "--why", "not the model's fault", on=learned)
    assert again.code == 0, again.err
    assert scoring_version(learned) == "230"
    decided = weir("models", "list", "--decisions", "--json", on=learned).rows()
    assert [(row["kind"], row["version"]) for row in decided][-2:] == [("rollback", "30"), ("promotion", "230")]
    assert decided[-2]["by"] == "ana"


@pytest.mark.kafka
def test_evaluate_rebuilds_what_was_published_bit_for_bit(learned: Settings) -> None:
    called = weir("models", "evaluate", "--json", on=learned)
    assert called.code == 0, called.err
    (report,) = called.rows()
    assert (report["examples"], report["equal_versions"], report["different_versions"]) == (250, ["30", "230"], [])
    assert report["figures"]["candidate_auc"] > 0.9
    assert "2 published versions are equal to the rebuilt ones" in weir("models", "evaluate", on=learned).err


@pytest.mark.kafka
def test_refreshes_are_rebuilt_told_in_words_and_can_be_taken_back(refreshed: Settings) -> None:
    (report,) = weir("models", "evaluate", "--json", on=refreshed).rows()
    versions = [row["version"] for row in weir("models", "list", "--json", on=refreshed).rows()]
    assert report["different_versions"] == []
    assert len(report["equal_versions"]) >= len(versions) >= 2
    decided = weir("models", "list", "--decisions", "--json", on=refreshed).rows()
    assert "no worse" in next(row["why"] for row in decided if row["kind"] == "refresh")
    champion = scoring_version(refreshed)
    back = weir("models", "rollback", "--why", "too strict", "--by", "ana", "--json", on=refreshed)
    assert back.code == 0, back.err
    assert int(scoring_version(refreshed)) < int(champion)


@pytest.mark.kafka
def test_no_model_yet_is_said_and_no_error(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_MODEL_KEY", KEY)
    called = weir("models", "list", on=installation)
    assert (called.code, "no model yet" in called.out) == (0, True)
    assert weir("models", "evaluate", on=installation).code == 0
    for arguments in (["show"], ["promote", "7", "--why", "x"], ["rollback", "--why", "x"]):
        assert weir("models", *arguments, on=installation).code == 2


@pytest.mark.parametrize("arguments", [("list",), ("show",), ("evaluate",), ("rollback", "--why", "x")])
def test_without_a_key_the_call_is_wrong(arguments: Iterable[str]) -> None:
    called = weir("models", *arguments)
    assert called.code == 2
    assert "WEIR_MODEL_KEY" in called.err
