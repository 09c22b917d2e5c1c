"""Finds differences between a cluster's topics and the catalogue, and those that must stop a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AdminClient,
    ConfigResource,
    ResourceType,
)

from weir.errors import ClusterError
from weir.kafka.admin import admin
from weir.kafka.calls import ANSWER_TIMEOUT_S, answer
from weir.settings import Settings
from weir.topics import Topic


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between a topic of the cluster and the catalogue."""

    topic: str
    what: str
    is_: str
    should_be: str
    advice: str
    fatal: bool
    """Whether a worker must not run with this difference."""

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.is_}, should be {self.should_be}. {self.advice}"


def check_topics(settings: Settings) -> list[Difference]:
    """The differences between the cluster's topics and the catalogue.

    Raises:
        ClusterError: the cluster is unreachable, or refused.
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
    """Passes if every topic has the configuration that a worker needs.

    Raises:
        ClusterError: a topic is missing or has another configuration.
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
            "A visitor's partition depends on it: make the topic again, or set WEIR_PARTITIONS to the topics' number.",
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
    """Whether a difference must stop workers: retention may be the operator's choice, other settings may not."""
    if key == "max.message.bytes":
        return int(actual or 0) < int(should)
    return key in {"cleanup.policy", "message.timestamp.type"}


def _parts(value: str) -> set[str]:
    return set(value.split(","))
