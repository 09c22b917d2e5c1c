from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.families.registry import FAMILIES
from models.features import FEATURES_VERSION
from models.serving.snapshot import model_of, payload_of, record_key, sign, verify
from tests.support.examples import easy_example
from weir.contracts.fast import encode
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.errors import SnapshotError

KEY = b"a key"


def snapshot(version: str = "7", features_version: str = FEATURES_VERSION) -> Snapshot:
    model = FAMILIES["hashed-logistic"]()
    for seed in range(20):
        example = easy_example(seed)
        model.learn_one(example.features, bad=example.label == "bad")
    return sign(
        Snapshot(
            id="sessions",
            version=version,
            family=model.family,
            hyper_parameters=model.hyper_parameters,
            features_version=features_version,
            trained_to_offset=7,
            examples=7,
            learned_from="people",
            figures={"candidate_auc": 0.9},
            created_at=1.0,
            payload=payload_of(model),
            signature="",
        ),
        KEY,
    )


def decision(number: int = 0) -> Decision:
    return sign(
        Decision(
            kind="promotion",
            number=number,
            id="sessions",
            version="7",
            previous_version=None,
            decided_by="gate",
            why="better",
            figures={},
            decided_at=1.0,
            signature="",
        ),
        KEY,
    )


def pointer(version: str = "7", number: int = 0) -> Champion:
    return sign(Champion(id="sessions", version=version, decision=number, signature=""), KEY)


@pytest.mark.parametrize("record", [snapshot(), decision(), pointer()], ids=["snapshot", "decision", "champion"])
def test_what_was_signed_is_read_back(record: Snapshot | Decision | Champion) -> None:
    assert verify(record_key(record).encode(), encode(record), KEY) == record


def test_a_model_comes_back_from_its_snapshot() -> None:
    taken = snapshot()
    assert payload_of(model_of(taken)) == taken.payload


@pytest.mark.parametrize("key", [b"another key", b"", None])
def test_another_key_verifies_nothing(key: bytes | None) -> None:
    with pytest.raises(SnapshotError):
        verify(b"champion", encode(pointer()), key)


@given(data=st.data())
def test_any_changed_field_breaks_the_signature(data: st.DataObject) -> None:
    fields = json.loads(encode(decision()))
    name = data.draw(st.sampled_from(sorted(set(fields))))
    fields[name] = data.draw(st.text(max_size=4) | st.integers() | st.none())
    if fields == json.loads(encode(decision())):
        return
    with pytest.raises(SnapshotError, match="signature"):
        verify(b"decision/0", json.dumps(fields).encode(), KEY)


def test_an_added_field_breaks_the_signature() -> None:
    fields = json.loads(encode(pointer())) | {"more": 1}
    with pytest.raises(SnapshotError, match="signature"):
        verify(b"champion", json.dumps(fields).encode(), KEY)


@pytest.mark.parametrize(
    "value", [b"", b"{}", b"[]", b"\xff", b"[" * 10_000, b'{"signature": 1}', b'{"signature": "\xc3\xa9"}', b"NaN"]
)
def test_bytes_that_are_no_signed_record_are_refused(value: bytes) -> None:
    with pytest.raises(SnapshotError):
        verify(b"champion", value, KEY)


def test_a_record_under_another_records_key_is_refused() -> None:
    with pytest.raises(SnapshotError, match="another record's key"):
        verify(b"sessions/8", encode(snapshot("7")), KEY)
