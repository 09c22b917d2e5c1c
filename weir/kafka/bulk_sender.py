"""Sends many records from outside the stages, and counts those that Kafka has acknowledged."""

from __future__ import annotations

import time
from collections import Counter

from confluent_kafka import KafkaError, Message

from weir.errors import ClusterError
from weir.kafka.records import Output
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import DEAD_LETTER, Names, Topic

# After this time without a broker, the user gets an error.
DELIVERY_TIMEOUT_S = 60.0
FULL_QUEUE_WAIT_S = 0.1


class BulkSender:
    """A producer with the installation's partitioner; at most `rate` records a second, if given."""

    def __init__(self, settings: Settings, rate: float | None = None) -> None:
        self.acknowledged: Counter[tuple[str, int]] = Counter()
        """Number of records that Kafka has acknowledged, by topic (without prefix) and partition."""
        self._names: Names = settings.names
        self._servers = settings.bootstrap_servers
        self._short_names = {name: topic.name for name, topic in settings.names.all()}
        self._failed = 0
        self._error: KafkaError | None = None
        self._rate = rate
        self._sent = 0
        self._started = time.monotonic()
        self._producer = producer(
            settings,
            linger_ms=20,
            delivery_timeout_ms=round(DELIVERY_TIMEOUT_S * 1000),
            # The largest records are dead letters; the catalogue has their greatest size.
            message_max_bytes=DEAD_LETTER.max_message_bytes,
        )

    def send(self, output: Output) -> None:
        """Sends a record; waits while too many are unacknowledged, or for the rate.

        Raises:
            ClusterError: Kafka refused an earlier record.
        """
        self._wait_for_rate()
        name = self._names.public(output.topic)
        while True:
            try:
                self._producer.produce(
                    name,
                    value=output.value,
                    key=output.key,
                    partition=-1 if output.partition is None else output.partition,
                    headers=list(output.headers),
                    on_delivery=self._delivered,
                )
                break
            except BufferError:
                self._producer.poll(FULL_QUEUE_WAIT_S)
        self._sent += 1
        self._producer.poll(0)
        self._check()

    def flush(self) -> None:
        """Returns when Kafka has acknowledged all records.

        Raises:
            ClusterError: Kafka did not acknowledge all of them.
        """
        while self._producer.flush(FULL_QUEUE_WAIT_S * 10):
            self._check()
        self._check()

    def total(self, topic: Topic) -> int:
        """Number of a topic's records that Kafka has acknowledged."""
        return sum(count for (name, _), count in self.acknowledged.items() if name == topic.name)

    def _wait_for_rate(self) -> None:
        if self._rate is None:
            return
        due = self._started + self._sent / self._rate
        while (wait := due - time.monotonic()) > 0:
            # poll returns early on a delivery, and calls the delivery callbacks.
            self._producer.poll(wait)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.acknowledged[self._short_names[str(message.topic())], int(message.partition() or 0)] += 1
            return
        self._failed += 1
        self._error = self._error or error

    def _check(self) -> None:
        if self._error is not None:
            raise ClusterError(
                f"Kafka at {self._servers} did not take {self._failed} of {self._sent} records: {self._error.str()}.",
                "Send the same file again: each event still counts once while its session is open.",
            )
