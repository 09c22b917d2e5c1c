"""Administration of a real cluster."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from tests.support.polling import eventually
from weir.broker import free_port
from weir.errors import ClusterError
from weir.kafka.admin import admin, create_topics, wait_for_broker
from weir.kafka.calls import patiently
from weir.kafka.sender import producer
from weir.kafka.topic_check import check_topics, require_topics
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import EVENTS, FLAGS, LIMITS, SESSIONS, Topic


def test_an_absent_broker_is_told_in_a_sentence_with_advice() -> None:
    nobody = Settings(bootstrap_servers=f"127.0.0.1:{free_port()}")
    with pytest.raises(ClusterError, match="No Kafka broker answers at 127") as caught:
        wait_for_broker(nobody, timeout_s=0.5)
    assert "weir broker start" in caught.value.hint


def test_a_host_that_does_not_exist_is_told_likewise() -> None:
    with pytest.raises(ClusterError, match="No Kafka broker answers"):
        wait_for_broker(Settings(bootstrap_servers="no-such-host.invalid:9092"), timeout_s=0.5)


def refusals(code: int, times: int) -> Callable[[], str]:
    """Refuses a call so many times before it answers."""
    refused = chain(repeat(KafkaException(KafkaError(code)), times), repeat(None))

    def ask() -> str:
        if (error := next(refused)) is not None:
            raise error
        return "answered"

    return ask


@pytest.mark.parametrize(
    "code", [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION]
)
def test_a_partition_that_changes_its_leader_is_asked_again(code: int) -> None:
    assert patiently(refusals(code, times=2))() == "answered"


def test_a_call_without_the_right_to_it_is_not_made_again() -> None:
    with pytest.raises(KafkaException):
        patiently(refusals(KafkaError.TOPIC_AUTHORIZATION_FAILED, times=1))()


@pytest.mark.kafka
def test_created_topics_are_as_the_catalogue_says(installation: Settings) -> None:
    assert check_topics(installation) == []
    there = admin(installation).list_topics(timeout=10).topics
    assert {name for name, _ in installation.names.all()} <= there.keys()


@pytest.mark.kafka
def test_creating_again_makes_nothing(installation: Settings) -> None:
    assert create_topics(installation) == []


@pytest.mark.kafka
def test_only_what_is_missing_is_created(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(topics=False)
    create_topics(settings, only=lambda topic: topic is EVENTS)
    made = create_topics(settings)
    assert settings.names.public(EVENTS) not in made
    assert settings.names.public(FLAGS) in made


@pytest.mark.kafka
def test_a_wrong_number_of_partitions_is_found_and_stops_a_worker(installation: Settings) -> None:
    other = installation.model_copy(update={"partitions": 3})
    found = {str(difference) for difference in check_topics(other)}
    events = installation.names.public(EVENTS)
    assert any(text.startswith(f"{events}: the number of partitions is 2, should be 3.") for text in found)
    with pytest.raises(ClusterError, match="partitions is 2, should be 3"):
        require_topics(other)


@pytest.mark.kafka
def test_a_missing_topic_is_found(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(topics=False)
    differences = check_topics(settings)
    assert {difference.is_ for difference in differences} == {"missing"}
    assert "weir topics create" in differences[0].advice


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("topic", "key", "value", "stops_workers"),
    [
        (EVENTS, "message.timestamp.type", "CreateTime", True),
        (SESSIONS, "cleanup.policy", "compact", True),
        (SESSIONS, "retention.ms", "1000", False),
        (SESSIONS, "max.message.bytes", "1000", True),
        (SESSIONS, "max.message.bytes", "9000000", False),
    ],
    ids=lambda value: str(getattr(value, "name", value)),
)
def test_another_configuration_is_found(
    installation: Settings,
    topic: Topic,
    key: str,
    value: str,
    stops_workers: bool,  # noqa: FBT001 -- parametrised
) -> None:
    name = installation.names.public(topic)
    alter(installation, name, key, value)
    differences = eventually(lambda: check_topics(installation), what="a difference")
    assert [(d.topic, d.what, d.is_, d.fatal) for d in differences] == [(name, key, value, stops_workers)]


@pytest.mark.kafka
def test_the_order_of_two_cleanup_policies_is_no_difference(installation: Settings) -> None:
    alter(installation, installation.names.public(LIMITS), "cleanup.policy", "delete,compact")
    assert check_topics(installation) == []


@pytest.mark.kafka
def test_producers_put_a_key_where_java_clients_do(installation: Settings) -> None:
    topic = installation.names.public(EVENTS)
    keys = [f"visitor-{number}".encode() for number in range(50)]
    sender = producer(installation, linger_ms=5)
    for key in keys:
        sender.produce(topic, key=key, value=b"{}")
    assert sender.flush(10) == 0
    reader = Consumer({"bootstrap.servers": installation.bootstrap_servers, "group.id": installation.topic_prefix})
    reader.assign([TopicPartition(topic, number, 0) for number in range(installation.partitions)])
    seen: dict[bytes | None, int | None] = {}

    def read() -> bool:
        for message in reader.consume(100, 0.1):
            seen[message.key()] = message.partition()
        return len(seen) == len(keys)

    eventually(read, what="all keys")
    reader.close()
    assert seen == {key: partition_for(key, installation.partitions) for key in keys}


def alter(settings: Settings, topic: str, key: str, value: str) -> None:
    """Sets one setting of a topic, as an operator would."""
    change = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[change])
    client = admin(settings)
    for future in client.incremental_alter_configs([resource]).values():
        future.result()
