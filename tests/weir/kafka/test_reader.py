"""Reading topics without a group on a real broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from weir.errors import ClusterError
from weir.kafka.reader import LogReader, read_all
from weir.kafka.records import OffsetRange, Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import EVENTS, MODELS

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    return new_installation(partitions=3)


def aborted(settings: Settings, topic: str, keys: list[bytes]) -> None:
    producer = Producer(settings.client_options() | {"transactional.id": f"{settings.application_id}.aborted"})
    producer.init_transactions(20)
    producer.begin_transaction()
    for key in keys:
        producer.produce(topic, b"{}", key, partition=0)
    producer.flush(20)
    producer.abort_transaction(20)


def test_all_committed_records_of_every_partition_are_read_and_no_aborted_one(settings: Settings) -> None:
    send(settings, [Output(EVENTS, b"%d" % number, b"{}", (("h", b"1"),)) for number in range(30)], "events")
    aborted(settings, settings.names.public(EVENTS), [b"ghost"])
    found = list(read_all(settings, EVENTS))
    assert sorted(int(record.key or b"") for record in found) == list(range(30))
    assert {record.partition for record in found} == {0, 1, 2}
    assert {record.headers for record in found} == {(("h", b"1"),)}


def test_a_reader_that_is_asked_to_sees_what_was_aborted_too(settings: Settings) -> None:
    topic = settings.names.public(MODELS)
    aborted(settings, topic, [b"ghost"])
    with LogReader(settings, [topic], "read_uncommitted") as reader:
        assert [record.key for record in reader.read({(topic, 0): 0}, {(topic, 0): 1})] == [b"ghost"]


def test_an_end_that_never_comes_is_told_and_not_waited_for(settings: Settings) -> None:
    topic = settings.names.public(MODELS)
    with LogReader(settings, [topic], stall_timeout_s=0.2) as reader:
        assert reader.ranges() == {(topic, 0): OffsetRange(0, 0)}
        with pytest.raises(ClusterError, match="delivers nothing more"):
            list(reader.read({(topic, 0): 0}, {(topic, 0): 1}))
