"""The sinks of a worker by topic, and the offsets from which its partitions are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from confluent_kafka import Consumer, TopicPartition

from streams.table.placement import KnownPartition, start_of
from streams.table.rows import Rows
from streams.table.sink import Sink
from weir.errors import WorkError
from weir.kafka.calls import ANSWER_TIMEOUT_S
from weir.kafka.records import OffsetRange
from weir.settings import Settings


class Sinks:
    """One sink for each topic, opened when it is first needed.

    Args:
        settings: The settings in force; `table_uri` is set.
        consumer: The consumer of the stage's group.
        topic_ids: Returns the ids of topics by full name.
    """

    def __init__(
        self, settings: Settings, consumer: Consumer, topic_ids: Callable[[Sequence[str]], dict[str, str]]
    ) -> None:
        self._uri = settings.table_uri
        self._consumer = consumer
        self._topic_ids = topic_ids
        self._open: dict[str, Sink] = {}

    def of(self, topic: str, rows: Rows) -> Sink:
        """The sink of a topic.

        Raises:
            WeirError: As in `Sink`.
        """
        sink = self._open.get(topic)
        if sink is None:
            if self._uri is None:
                raise WorkError("The setting table_uri is missing.", "Set WEIR_TABLE_URI.")
            sink = self._open[topic] = Sink(self._uri, rows.table, topic, self._topic_ids([topic])[topic])
        return sink

    def forget(self) -> None:
        """Closes all sinks, so that the next use opens the tables' newest versions."""
        self._open.clear()

    def begin(self, topic: str, rows: Rows, partitions: Iterable[int]) -> list[TopicPartition]:
        """The offsets from which these partitions of a topic are read; their waiting rows are dropped.

        Raises:
            WeirError: The table's position contradicts the log or the group.
        """
        asked = [TopicPartition(topic, number) for number in partitions]
        if not asked:
            return []
        sink = self.of(topic, rows)
        found = []
        for one in self._consumer.committed(asked, timeout=ANSWER_TIMEOUT_S):
            low, high = self._consumer.get_watermark_offsets(one, timeout=ANSWER_TIMEOUT_S)
            position = sink.position(one.partition)
            committed = one.offset if one.offset >= 0 else None
            start = start_of(
                KnownPartition(topic, one.partition, position, committed, OffsetRange(low, high), sink.knows_topic)
            )
            rows.begin(one.partition, position, start)
            found.append(TopicPartition(topic, one.partition, start))
        return found
