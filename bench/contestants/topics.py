"""Topics of runs: made before, gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # public by its documentation

from weir.kafka.admin import admin
from weir.settings import Settings

PATIENCE_S = 30.0


def make_topic(settings: Settings, name: str, partitions: int, configuration: Mapping[str, str] | None = None) -> None:
    """Makes a topic and waits until the brokers know it."""
    client = admin(settings)
    wanted = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(configuration or {}))
    for future in client.create_topics([wanted]).values():
        future.result()
    _wait(settings, lambda there: name in there)


def remove_topics(settings: Settings, is_chosen: Callable[[str], bool]) -> None:
    """Removes the topics that are chosen by name, and waits until they are gone."""
    client = admin(settings)
    names = {name for name in client.list_topics(timeout=PATIENCE_S).topics if is_chosen(name)}
    if not names:
        return
    for future in client.delete_topics(list(names)).values():
        future.result()
    _wait(settings, lambda there: not names & there.keys())


def _wait(settings: Settings, is_reached: Callable[[Mapping[str, object]], bool]) -> None:
    client, deadline = admin(settings), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if is_reached(client.list_topics(timeout=PATIENCE_S).topics):
                return
        except KafkaException:
            pass
        time.sleep(0.05)
    raise TimeoutError("The broker did not make or remove a topic in time.")
