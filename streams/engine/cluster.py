"""What the engine asks the cluster beside reading and writing: ids of topics, and where their partitions end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AdminClient,
    OffsetSpec,
    TopicDescription,
)

from weir.errors import ClusterError
from weir.settings import Settings

_TIMEOUT_S = 10.0
_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no types


class Observer:
    """Asks the brokers, apart from the group's consumer: what that one says of itself can't show that it is stuck."""

    def __init__(self, settings: Settings) -> None:
        self._admin = AdminClient(settings.client_options(), logger=logging.getLogger("weir.kafka"))

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has.

        Raises:
            ClusterError: it isn't there, or no broker answers.
        """
        return len(self._describe([topic])[topic].partitions)

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        """Kafka's ids of topics; a topic deleted and made again has another.

        Raises:
            ClusterError: a topic isn't there, or no broker answers.
        """
        return {topic: str(about.topic_id) for topic, about in self._describe(topics).items()}

    def _describe(self, topics: Iterable[str]) -> dict[str, TopicDescription]:
        asked = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=_TIMEOUT_S)
        try:
            return {topic: future.result() for topic, future in asked.items()}
        except KafkaException as error:
            raise ClusterError(
                f"The cluster doesn't describe its topics: {error.args[0].str()}.",
                "Make them with `weir topics create`, or check the brokers.",
            ) from error

    def stable_ends(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Last stable offsets: up to where a reader of committed records could read now.

        Raises:
            ClusterError: no broker answers.
        """
        asked = {TopicPartition(topic, number): _LATEST for topic, number in partitions}
        if not asked:
            return {}
        futures = self._admin.list_offsets(
            asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_TIMEOUT_S
        )
        try:
            return {(where.topic, where.partition): future.result().offset for where, future in futures.items()}
        except KafkaException as error:
            raise ClusterError(
                f"The brokers don't tell where the input ends: {error.args[0].str()}.", "Check that they are up."
            ) from error


def topic_ids(settings: Settings, topics: Iterable[str]) -> Mapping[str, str]:
    """`Observer.topic_ids`, once."""
    return Observer(settings).topic_ids(topics)
