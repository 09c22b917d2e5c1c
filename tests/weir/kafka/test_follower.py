"""Following topics on a real broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.polling import PATIENCE_S, eventually
from weir.errors import ClusterError, WorkError
from weir.kafka.follower import TopicFollower, wait_for_all
from weir.kafka.records import LogRecord, Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import LIMITS, MODELS

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    return new_installation(partitions=3)


def fail(error: Exception) -> None:
    raise AssertionError from error


def test_what_was_there_is_taken_before_the_end_is_told_and_what_comes_later_too(settings: Settings) -> None:
    taken: list[LogRecord] = []
    send(settings, [Output(LIMITS, b"%d" % number, b"{}") for number in range(50)], "limits")
    with TopicFollower(settings, [settings.names.public(LIMITS)], taken.append, fail) as follower:
        wait_for_all([follower], PATIENCE_S)
        assert {record.key for record in taken} == {b"%d" % number for number in range(50)}
        send(settings, [Output(LIMITS, b"later", None)], "limits")
        eventually(lambda: taken[-1].key == b"later", what="a record that came later")


def test_an_empty_topic_is_read_to_its_end(settings: Settings) -> None:
    with TopicFollower(settings, [settings.names.public(MODELS)], fail, fail) as follower:  # type: ignore[arg-type]
        assert follower.wait(PATIENCE_S)


def test_a_topic_that_is_missing_is_told_once_and_the_end_is_never_reached(settings: Settings) -> None:
    told: list[Exception] = []
    with TopicFollower(settings, [f"{settings.topic_prefix}.missing"], lambda _: None, told.append) as follower:
        eventually(lambda: told)
        with pytest.raises(WorkError, match="could not be read to its end within 0 s"):
            wait_for_all([follower], 0)
    assert [type(error) for error in told] == [ClusterError]


def test_a_follower_that_may_begin_again_does_so_after_each_error(settings: Settings) -> None:
    errors: list[Exception] = []
    taken: list[LogRecord] = []

    def take(record: LogRecord) -> None:
        taken.append(record)
        if len(taken) == 1:
            raise ValueError("the first one is too much")

    send(settings, [Output(MODELS, b"k", b"{}")], "models")
    topics = [settings.names.public(MODELS)]
    with TopicFollower(settings, topics, take, errors.append, retry_after_s=0.01) as follower:
        assert follower.wait(PATIENCE_S)
    assert [str(error) for error in errors] == ["the first one is too much"]
    assert [record.key for record in taken] == [b"k", b"k"]
