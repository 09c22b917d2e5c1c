"""The Kafka cluster as an administrator and an outside producer see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

# Public by its documentation, not by its stubs.
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from weir.errors import ClusterError
from weir.settings import Settings
from weir.topics import Topic

ANSWER_TIMEOUT_S = 15.0
# Kafka's own words for the state of a client that the caller hears about by an exception anyway.
_SILENT: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None}


def admin(settings: Settings) -> AdminClient:
    """An administrator's client; it connects when it is first used."""
    return AdminClient({**settings.client_options(), **_SILENT})


def producer(settings: Settings, **more: Any) -> Producer:  # noqa: ANN401 -- librdkafka's options have many types
    """A producer for those outside the stages, whose keys go where every other client of Kafka puts them.

    `more` are librdkafka's options, with underscores for dots: `linger_ms=50`. Errors are told to the delivery
    callbacks and by `flush`, nothing is printed.
    """
    options = {name if name.endswith("_cb") else name.replace("_", "."): value for name, value in more.items()}
    return Producer(
        {
            **settings.client_options(),
            **_SILENT,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "message.max.bytes": 16 * 1024 * 1024,
            **options,
        }
    )


def wait_for_broker(settings: Settings, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
    """Returns when a broker answers.

    Raises:
        ClusterError: none did in time.
    """
    answer(admin(settings).list_topics, settings, timeout=timeout_s)


def answer(ask: Callable[..., Any], settings: Settings, **arguments: Any) -> Any:  # noqa: ANN401 -- whatever was asked
    """What the cluster answers to a call of a client's.

    Raises:
        ClusterError: it didn't, in one sentence.
    """
    try:
        return ask(**arguments)
    except KafkaException as error:
        raise as_cluster_error(error, settings) from error


def _is_settling(error: BaseException) -> bool:
    """Whether a partition is just changing its leader, or has none yet."""
    settling = {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.REPLICA_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 -- the client's own word where the brokers name no leader
    }
    return isinstance(error, KafkaException) and error.args[0].code() in settling


patiently = retry(
    retry=retry_if_exception(_is_settling),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(ANSWER_TIMEOUT_S),
    reraise=True,
)
"""Makes a call to the cluster again while the partition that it asks about has no leader."""


def as_cluster_error(error: KafkaException, settings: Settings) -> ClusterError:
    """Kafka's error in a sentence, with what to do about it."""
    reason = error.args[0]
    where = settings.bootstrap_servers
    unreachable = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE}  # noqa: SLF001 -- so librdkafka names its own errors
    if reason.code() in unreachable:
        return ClusterError(
            f"No Kafka broker answers at {where}.",
            "Start one with `weir broker start`, or name yours by --bootstrap-servers or WEIR_BOOTSTRAP_SERVERS.",
        )
    return ClusterError(f"Kafka at {where} refused: {reason.str()}.", "`weir doctor` looks at the whole of it.")


def create_topics(settings: Settings, *, only: Callable[[Topic], bool] = lambda _: True) -> list[str]:
    """Makes the catalogue's topics that are missing, state topics too, and returns their names; safe to call again.

    Raises:
        ClusterError: the cluster is not there, or refused.
    """
    client = admin(settings)
    there = answer(client.list_topics, settings, timeout=ANSWER_TIMEOUT_S).topics
    wanted = {
        name: NewTopic(
            name,
            num_partitions=topic.partitions(settings.partitions),
            replication_factor=settings.replication_factor,
            config=topic.configuration(),
        )
        for name, topic in settings.names.all()
        if name not in there and only(topic)
    }
    if not wanted:
        return []
    made = []
    for name, future in client.create_topics(list(wanted.values()), operation_timeout=ANSWER_TIMEOUT_S).items():
        try:
            future.result()
            made.append(name)
        except KafkaException as error:
            # Somebody else made it between the look and the call.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise as_cluster_error(error, settings) from error
    _wait_until_known(client, set(wanted), settings)
    return made


def _wait_until_known(client: AdminClient, names: set[str], settings: Settings) -> None:
    """A topic is made by the controller, and known to the brokers a moment later."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline:
        topics = answer(client.list_topics, settings, timeout=ANSWER_TIMEOUT_S).topics
        if all(name in topics and all(p.leader >= 0 for p in topics[name].partitions.values()) for name in names):
            return
        time.sleep(0.02)
    raise ClusterError(
        "The new topics were not known to the brokers in time.", "Try again; `weir doctor` looks closer."
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the cluster has a topic otherwise than the catalogue."""

    topic: str
    what: str
    is_: str
    should_be: str
    advice: str
    fatal: bool
    """Whether a worker must not run on it."""

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.is_}, should be {self.should_be}. {self.advice}"


def check_topics(settings: Settings) -> list[Difference]:
    """Where the cluster differs from the catalogue; empty where all is well.

    Raises:
        ClusterError: the cluster is not there, or refused.
    """
    client = admin(settings)
    there = answer(client.list_topics, settings, timeout=ANSWER_TIMEOUT_S).topics
    wanted = dict(settings.names.all())
    present = [name for name in wanted if name in there]
    configured = _configurations(client, present, settings)
    return [
        difference
        for name, topic in wanted.items()
        for difference in (
            _compare(name, topic, len(there[name].partitions), configured[name], settings)
            if name in configured
            else [_missing(name)]
        )
    ]


def require_topics(settings: Settings) -> None:
    """Returns when every topic has the shape that a worker needs.

    Raises:
        ClusterError: a topic is missing or of another shape.
    """
    fatal = [difference for difference in check_topics(settings) if difference.fatal]
    if fatal:
        more = f" ({len(fatal) - 1} more by `weir topics check`)" if len(fatal) > 1 else ""
        first = fatal[0]
        raise ClusterError(
            f"{first.topic}: {first.what} is {first.is_}, should be {first.should_be}{more}.", first.advice
        )


def _configurations(client: AdminClient, names: list[str], settings: Settings) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    futures = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
    return {
        resource.name: {key: entry.value for key, entry in answer(future.result, settings).items()}
        for resource, future in futures.items()
    }


def _missing(name: str) -> Difference:
    return Difference(name, "the topic", "missing", "there", "`weir topics create` makes it.", fatal=True)


def _compare(
    name: str, topic: Topic, partitions: int, configured: dict[str, str], settings: Settings
) -> Iterator[Difference]:
    should = topic.partitions(settings.partitions)
    if partitions != should:
        yield Difference(
            name,
            "the number of partitions",
            str(partitions),
            str(should),
            "A visitor's partition depends on it: make the topic again, or set WEIR_PARTITIONS to what all have.",
            fatal=True,
        )
    for key, value in topic.configuration().items():
        actual = configured.get(key, "")
        if _parts(actual) != _parts(value):
            yield Difference(
                name,
                key,
                actual or "unset",
                value,
                f"kafka-configs --alter --topic {name} --add-config '{key}=[{value}]'",
                fatal=_stops_workers(key, actual, value),
            )


def _stops_workers(key: str, actual: str, should: str) -> bool:
    """Retention may be the operator's choice; what records mean and whether they fit is not."""
    if key == "max.message.bytes":
        return int(actual or 0) < int(should)
    return key in {"cleanup.policy", "message.timestamp.type"}


def _parts(value: str) -> set[str]:
    return set(value.split(","))
