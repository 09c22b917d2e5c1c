"""The engine's queries to the cluster beside reading and writing: ids of topics, and ends of partitions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AdminClient,
    OffsetSpec,
    TopicDescription,
)

from weir.errors import ClusterError
from weir.kafka.calls import patiently
from weir.kafka.records import OffsetRange, PartitionId
from weir.settings import Settings

_TIMEOUT_S = 10.0
_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no types


class Observer:
    """Queries the brokers by separate clients, since figures of the group's consumer can't show that it is stuck."""

    def __init__(self, settings: Settings) -> None:
        self._admin = AdminClient(settings.client_options(), logger=logging.getLogger("weir.kafka"))

    def partitions(self, topics: Iterable[str]) -> list[PartitionId]:
        """All partitions of those of the topics that exist.

        Raises:
            ClusterError: no broker answers.
        """
        described = self._describe(topics, missing=True).items()
        return [(topic, number) for topic, about in described for number in range(len(about.partitions))]

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        """Kafka's ids of topics; a topic that was deleted and made again has another id.

        Raises:
            ClusterError: a topic isn't there, or no broker answers.
        """
        return {topic: str(about.topic_id) for topic, about in self._describe(topics).items()}

    def _describe(self, topics: Iterable[str], *, missing: bool = False) -> dict[str, TopicDescription]:
        described: dict[str, TopicDescription] = {}
        asked = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=_TIMEOUT_S)
        for topic, future in asked.items():
            try:
                described[topic] = future.result()
            except KafkaException as error:
                reason = error.args[0]
                if missing and reason.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    continue
                raise ClusterError(
                    f"The cluster doesn't describe its topics: {reason.str()}.",
                    "Make them with `weir topics create`, or check the brokers.",
                ) from error
        return described

    def stable_ends(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """Last stable offsets: the ends for readers of committed records.

        Raises:
            ClusterError: no broker answers.
        """
        return self._ends(partitions, IsolationLevel.READ_COMMITTED)

    def held_up(self, partitions: Iterable[PartitionId]) -> list[PartitionId]:
        """Partitions in which an open transaction holds up readers of committed records.

        Raises:
            ClusterError: no broker answers.
        """
        return list(self.open_ranges(partitions))

    def open_ranges(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, OffsetRange]:
        """Ranges that readers of committed records can't read yet: from an open transaction's first record to the end.

        Raises:
            ClusterError: no broker answers.
        """
        # Log ends are asked for before last stable offsets: records appended in between must not seem to be open.
        ends = self._ends(partitions, IsolationLevel.READ_UNCOMMITTED)
        stable = self._ends(ends, IsolationLevel.READ_COMMITTED)
        return {where: OffsetRange(stable[where], end) for where, end in ends.items() if stable[where] < end}

    def _ends(self, partitions: Iterable[PartitionId], level: IsolationLevel) -> dict[PartitionId, int]:
        asked = {TopicPartition(topic, number): _LATEST for topic, number in partitions}

        def ask() -> dict[PartitionId, int]:
            futures = self._admin.list_offsets(asked, isolation_level=level, request_timeout=_TIMEOUT_S)
            return {(where.topic, where.partition): future.result().offset for where, future in futures.items()}

        try:
            return patiently(ask)() if asked else {}
        except KafkaException as error:
            raise ClusterError(
                f"The brokers did not return the ends of partitions: {error.args[0].str()}.", "Check that they are up."
            ) from error
