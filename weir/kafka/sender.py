"""Makes producers for code outside the stages, and sends a few records with acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from weir.errors import ClusterError
from weir.kafka.calls import ANSWER_TIMEOUT_S, SILENT
from weir.kafka.records import Output
from weir.settings import Settings

__all__ = ["Producer", "producer", "send"]


def producer(settings: Settings, **more: Any) -> Producer:  # noqa: ANN401 -- librdkafka's options have many types
    """A producer for code outside the stages, with the same partitioner as Kafka's Java clients.

    `more` are librdkafka's options, with underscores for dots: `linger_ms=50`. The delivery callbacks get errors, and
    nothing is printed.
    """
    options = {name if name.endswith("_cb") else name.replace("_", "."): value for name, value in more.items()}
    return Producer(
        {
            **settings.client_options(),
            **SILENT,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "message.max.bytes": 16 * 1024 * 1024,
            **options,
        }
    )


def send(settings: Settings, outputs: Sequence[Output], what: str, advice: str = "Check that they are up.") -> None:
    """Writes records in their order, and returns when the brokers have acknowledged all of them.

    Args:
        settings: addresses of the brokers, and the topics' prefix.
        outputs: the records.
        what: a name of the records for the error message: "The brokers don't take WHAT".
        advice: what to do when the brokers refuse.

    Raises:
        ClusterError: the brokers refused a record, or did not answer in time.
    """
    client = producer(settings)
    refused: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            refused.append(error)

    for output in outputs:
        client.produce(
            settings.names.public(output.topic),
            output.value,
            output.key,
            headers=list(output.headers),
            on_delivery=on_delivery,
        )
    unanswered = client.flush(ANSWER_TIMEOUT_S)
    if unanswered or refused:
        reason = refused[0].str() if refused else "no answer in time"
        missing = unanswered + len(refused)
        raise ClusterError(f"The brokers don't take {what}: {reason} ({missing} of {len(outputs)} records).", advice)
