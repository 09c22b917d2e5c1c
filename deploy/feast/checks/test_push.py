"""What the consumer makes of records, and that an older score never replaces a newer one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from feast import FeatureStore


def score(**changed: Any) -> bytes:  # noqa: ANN401 -- JSON
    told = {
        "session_id": "s", "visitor_id": "v", "revision": 1, "ts": 100.25, "features": {"events": 1.0},
        "features_version": "3", "champion": True, "merged_into": None,
    }  # fmt: skip
    return json.dumps(told | changed).encode()


def online(store: FeatureStore, view: str, **key: str) -> Any:  # noqa: ANN401 -- a feature's value
    return store.get_online_features([f"{view}:events"], [key]).to_dict()["events"][0]


@pytest.fixture
def store(make_store: Callable[[Path], FeatureStore], tmp_path: Path) -> FeatureStore:
    return make_store(tmp_path / "none.parquet")


def test_an_older_or_repeated_score_never_replaces_a_newer_one(store: FeatureStore, pusher: ModuleType) -> None:
    newer = pusher.row_of(score(ts=200.0, revision=2, features={"events": 2.0}), 7)
    older = pusher.row_of(score(), 6)
    assert pusher.push(store, [newer]) == 2
    assert pusher.push(store, [older]) == 0
    assert pusher.push(store, [newer]) == 0
    assert online(store, "session_features", session_id="s") == 2.0
    same_moment = pusher.row_of(score(ts=200.0, revision=3, features={"events": 3.0}), 8)
    assert pusher.push(store, [same_moment, newer, older]) == 2
    assert online(store, "session_features", session_id="s") == 3.0


def test_a_session_that_is_older_than_the_visitors_newest_is_written_under_its_own_key_alone(
    store: FeatureStore, pusher: ModuleType
) -> None:
    pusher.push(store, [pusher.row_of(score(session_id="late", ts=300.0, features={"events": 9.0}), 1)])
    assert pusher.push(store, [pusher.row_of(score(session_id="early"), 2)]) == 1
    assert online(store, "session_features", session_id="early") == 1.0
    assert online(store, "visitor_features", visitor_id="v") == 9.0


def test_a_feature_that_is_absent_is_null_even_where_an_older_score_had_it(
    store: FeatureStore, pusher: ModuleType
) -> None:
    pusher.push(store, [pusher.row_of(score(), 1)])
    pusher.push(store, [pusher.row_of(score(ts=200.0, features={"bytes": 1}), 2)])
    assert online(store, "session_features", session_id="s") is None
    assert online(store, "session_features", session_id="unknown") is None


def test_a_candidates_score_and_one_of_a_session_that_was_taken_over_are_no_rows(pusher: ModuleType) -> None:
    assert pusher.row_of(score(champion=False), 1) is None
    assert pusher.row_of(score(merged_into="other"), 1) is None
    assert pusher.row_of(None, 1) is None


@pytest.mark.parametrize("value", [b"{}", b"[]", b"no JSON", score(features={"events": "many"}), score(ts=1e300)])
def test_what_is_no_score_is_said_to_be_none(pusher: ModuleType, value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        pusher.row_of(value, 1)


class _Message:
    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value

    def offset(self) -> int:
        return 5

    def partition(self) -> int:
        return 0

    def error(self) -> None:
        return None


class _Consumer:
    def __init__(self, *values: bytes) -> None:
        self.values = values
        self.commits = 0

    def consume(self, _count: int, timeout: float) -> list[_Message]:  # noqa: ARG002 -- the client's own
        return [_Message(value) for value in self.values]

    def commit(self, *, asynchronous: bool) -> None:
        assert not asynchronous
        self.commits += 1


def test_offsets_are_committed_after_the_push_and_a_record_that_is_no_score_stops_nothing(
    store: FeatureStore, pusher: ModuleType
) -> None:
    consumer = _Consumer(b"no JSON", score())
    rounds = iter([False, True])
    pusher.run(consumer, store, lambda: next(rounds))
    assert consumer.commits == 1
    assert online(store, "session_features", session_id="s") == 1.0


class _Refused(_Consumer):
    def __init__(self, code: int) -> None:
        super().__init__(score())
        self.code = code

    def commit(self, *, asynchronous: bool) -> None:
        super().commit(asynchronous=asynchronous)
        raise KafkaException(KafkaError(self.code))


@pytest.mark.parametrize(
    "code",
    [KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.UNKNOWN_MEMBER_ID],
)
def test_a_commit_of_partitions_that_went_to_another_process_stops_nothing(
    store: FeatureStore, pusher: ModuleType, code: int
) -> None:
    consumer, rounds = _Refused(code), iter([False, False, True])
    pusher.run(consumer, store, lambda: next(rounds))
    assert consumer.commits == 2


def test_a_commit_that_is_refused_for_another_reason_ends_the_push(store: FeatureStore, pusher: ModuleType) -> None:
    with pytest.raises(KafkaException):
        pusher.run(_Refused(KafkaError.GROUP_AUTHORIZATION_FAILED), store, lambda: False)


def test_nothing_is_committed_when_the_push_fails(
    store: FeatureStore, pusher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(store, "push", fail)
    consumer = _Consumer(score())
    with pytest.raises(OSError, match="full"):
        pusher.run(consumer, store, lambda: False)
    assert consumer.commits == 0
