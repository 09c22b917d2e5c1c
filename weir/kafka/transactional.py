"""Sends a few records in one transaction, from outside the stages: all of them are written, or none is."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from weir.errors import ClusterError
from weir.kafka.calls import ANSWER_TIMEOUT_S, as_cluster_error
from weir.kafka.records import Output, PartitionId
from weir.kafka.sender import producer
from weir.settings import Settings


class TransactionalSender:
    """Sends one transaction after another. After an error, make a new sender and read from the topics what was written.

    Args:
        settings: addresses of the brokers, and the topics' prefix.
        transactional_id: a later sender with the same id aborts this sender's open transaction, and fences this sender.

    Raises:
        ClusterError: no broker answers, or transactions are refused.
    """

    def __init__(self, settings: Settings, transactional_id: str) -> None:
        self._settings = settings
        self._producer = producer(
            settings, transactional_id=transactional_id, linger_ms=0, transaction_timeout_ms=10_000
        )
        try:
            self._producer.init_transactions(ANSWER_TIMEOUT_S)
        except KafkaException as error:
            raise as_cluster_error(error, settings) from error

    def send(self, outputs: Sequence[Output]) -> tuple[PartitionId, int]:
        """Writes records in their order; returns partition and offset of the last one.

        Raises:
            ClusterError: they were not written, or the outcome is unknown.
        """
        written: list[tuple[PartitionId, int]] = []
        refused: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                refused.append(error)
            else:
                written.append(((message.topic() or "", message.partition() or 0), message.offset() or 0))

        try:
            self._producer.begin_transaction()
            # Deliveries of several partitions come in any order, so only the last record's delivery has its offset.
            *first, last = outputs
            for output in first:
                self._produce(output)
            self._produce(last, on_delivery)
            self._producer.commit_transaction(ANSWER_TIMEOUT_S)
        except KafkaException as error:
            raise as_cluster_error(error, self._settings) from error
        if refused or not written:
            reason = refused[0].str() if refused else "no answer in time"
            raise ClusterError(f"Kafka did not take the records: {reason}.", "Try again.")
        return written[0]

    def _produce(self, output: Output, on_delivery: object = None) -> None:
        self._producer.produce(
            self._settings.names.public(output.topic),
            output.value,
            output.key,
            headers=list(output.headers),
            on_delivery=on_delivery,  # type: ignore[arg-type]  # None is none
        )
