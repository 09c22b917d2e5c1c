"""Administration of the Kafka cluster: waits for its brokers, and makes topics."""

from __future__ import annotations

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AdminClient,
    NewTopic,
)

from weir.errors import ClusterError
from weir.kafka.calls import ANSWER_TIMEOUT_S, SILENT, answer, as_cluster_error
from weir.settings import Settings
from weir.topics import Topic


def admin(settings: Settings) -> AdminClient:
    """An admin client; it connects at its first use."""
    return AdminClient({**settings.client_options(), **SILENT})


def wait_for_broker(settings: Settings, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
    """Returns when a broker answers.

    Raises:
        ClusterError: no broker answered in time.
    """
    answer(admin(settings).list_topics, settings, timeout=timeout_s)


def create_topics(settings: Settings, *, only: Callable[[Topic], bool] = lambda _: True) -> list[str]:
    """Makes the catalogue's topics that are missing, state topics too, and returns their names; safe to call again.

    Raises:
        ClusterError: the cluster is unreachable, or refused.
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
            # Another process made the topic after the check.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise as_cluster_error(error, settings) from error
    _wait_until_known(client, set(wanted), settings)
    return made


def _wait_until_known(client: AdminClient, names: set[str], settings: Settings) -> None:
    """Waits until the brokers know new topics: the controller makes them, and the brokers learn of them later."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline:
        topics = answer(client.list_topics, settings, timeout=ANSWER_TIMEOUT_S).topics
        if all(name in topics and all(p.leader >= 0 for p in topics[name].partitions.values()) for name in names):
            return
        time.sleep(0.02)
    raise ClusterError(
        "The brokers did not know the new topics in time.", "Try again; `weir doctor` checks the cluster."
    )
