from __future__ import annotations

from pathlib import Path

import pytest

from models.families.baseline import PriorRate
from models.serving.ledger import Ledger
from models.serving.snapshot import payload_of
from streams.workflow.candidate import Candidate, read_candidate, signed_record
from tests.support.examples import easy_example
from weir.contracts.model_record import Snapshot
from weir.errors import SettingsError, UsageError, WorkError

KEY = b"a key of the tests"


def candidate(*, passed: bool = True) -> Candidate:
    model = PriorRate()
    model.learn_one(easy_example(1).features, bad=True)
    snapshot = Snapshot(
        id="sessions", version="retrain-7-abc", family=model.family, hyper_parameters={}, features_version="3",
        trained_to_offset=7, examples=1, learned_from="people", figures={}, created_at=1.0,
        payload=payload_of(model), signature="",
    )  # fmt: skip
    return Candidate(passed=passed, why="It says so.", figures={}, snapshot=snapshot)


def test_a_published_candidate_is_a_version_that_a_person_can_promote() -> None:
    version, output = signed_record(candidate(), KEY)
    ledger = Ledger(KEY)
    assert output.key is not None
    ledger.offer(output.key, output.value)
    assert ledger.refused == 0
    assert ledger.champion is None
    _, decision, _ = ledger.decide("promotion", version, by="mia", why="better", at=2.0)
    assert decision.version == version


def test_what_the_gate_refused_is_not_published() -> None:
    with pytest.raises(WorkError, match="The gate refuses the candidate: It says so"):
        signed_record(candidate(passed=False), KEY)


def test_a_program_of_another_kind_is_not_published() -> None:
    with pytest.raises(WorkError, match="workers can't load it"):
        signed_record(candidate().model_copy(update={"snapshot": None}), KEY)


def test_without_a_key_nothing_is_published() -> None:
    with pytest.raises(SettingsError, match="no key"):
        signed_record(candidate(), None)


def test_what_is_no_candidate_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(UsageError, match="is not a candidate"):
        read_candidate(tmp_path / "c.json")
