from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.join.records import ScoredRevision, read_scored
from streams.join.store import read_label
from streams.read_record import read_record
from streams.task import Effects
from weir.contracts import Session, TrainingExample
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord
from weir.topics import DEAD_LETTER

READERS = (decoder(Session), read_scored, read_label, decoder(TrainingExample))


def record(value: bytes | None) -> LogRecord:
    return LogRecord("weir.scores", 1, 7, 0, b"key", value, ())


@given(st.one_of(st.none(), st.binary(), st.text().map(str.encode)), st.sampled_from(READERS))
def test_whatever_lies_on_a_topic_is_read_or_dead_lettered_as_it_is(value: bytes | None, read: object) -> None:
    effects = Effects()
    assert read_record(record(value), read, effects) is None  # type: ignore[arg-type]  # any of them
    (letter,) = effects.outputs
    assert (letter.topic, letter.key, letter.value) == (DEAD_LETTER, b"key", value)
    assert dict(letter.headers)["offset"] == b"7"
    assert sum(effects.counts.values()) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty_value"),
        (b"{", "not_json"),
        (b"[" * 10_000, "too_deep"),
        (b"\xff", "not_utf8"),
        (b"1" * 5_000, "not_finite"),
        (b"[]", "wrong_type"),
        (b'{"session_id": 5}', "wrong_type"),
        (b" " * 200, "too_large"),
    ],
)
def test_the_reason_is_told(value: bytes | None, reason: str) -> None:
    effects = Effects()
    read_record(record(value), read_scored, effects, max_bytes=100 if reason == "too_large" else 1_000_000)
    assert effects.counts == {("dead_letters", (reason,)): 1}


def test_a_record_that_belongs_there_is_read_and_leaves_no_trace() -> None:
    value = (
        b'{"session_id":"s","visitor_id":"v","revision":1,"ts":1,"start":0,"final":true,"features":{},'
        b'"features_version":"1","score":null,"model":null,"champion":true}'
    )
    effects = Effects()
    found = read_record(record(value), read_scored, effects)
    assert isinstance(found, ScoredRevision)
    assert not effects.outputs
    assert not effects.counts
