"""Sends a few records in one transaction, from outside the stages: all of them are there afterwards, or none is."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from weir.errors import ClusterError
from weir.kafka.calls import ANSWER_TIMEOUT_S, as_cluster_error
from weir.kafka.records import Output, PartitionId
from weir.kafka.sender import producer
from weir.settings import Settings


class TransactionalSender:
    """One transaction after another. After an error it is of no more use: make another one, and ask what was written.

    Args:
        settings: where the cluster is, and the topics' prefix.
        transactional_id: a later sender of the same id ends what this one left open, and keeps it from writing.

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
        """Writes records in their order; returns where the last one lies.

        Raises:
            ClusterError: they are not there, or it is unknown whether they are.
        """
        lies: list[tuple[PartitionId, int]] = []
        refused: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                refused.append(error)
            else:
                lies.append(((message.topic() or "", message.partition() or 0), message.offset() or 0))

        try:
            self._producer.begin_transaction()
            # Deliveries of several partitions come in any order: only the last record's own says where it lies.
            *first, last = outputs
            for output in first:
                self._produce(output)
            self._produce(last, on_delivery)
            self._producer.commit_transaction(ANSWER_TIMEOUT_S)
        except KafkaException as error:
            raise as_cluster_error(error, self._settings) from error
        if refused or not lies:
            reason = refused[0].str() if refused else "no answer in time"
            raise ClusterError(f"Kafka did not take the records: {reason}.", "Try again.")
        return lies[0]

    def _produce(self, output: Output, on_delivery: object = None) -> None:
        self._producer.produce(
            self._settings.names.public(output.topic),
            output.value,
            output.key,
            headers=list(output.headers),
            on_delivery=on_delivery,  # type: ignore[arg-type]  # None is none
        )
