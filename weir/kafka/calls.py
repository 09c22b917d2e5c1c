"""Calls of Kafka's clients: turns a failure into one error message, and retries while a partition has no leader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from weir.errors import ClusterError
from weir.settings import Settings

ANSWER_TIMEOUT_S = 15.0
SILENT: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None}
"""Options of a client that prints nothing: its caller gets the client's errors as exceptions."""


def answer(ask: Callable[..., Any], settings: Settings, **arguments: Any) -> Any:  # noqa: ANN401 -- whatever was asked
    """The cluster's answer to a client's call.

    Raises:
        ClusterError: the call failed.
    """
    try:
        return ask(**arguments)
    except KafkaException as error:
        raise as_cluster_error(error, settings) from error


def _is_settling(error: BaseException) -> bool:
    """Whether the error is that a partition changes its leader, or has none yet."""
    settling = {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.REPLICA_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 -- the client's code if the brokers name no leader
    }
    return isinstance(error, KafkaException) and error.args[0].code() in settling


patiently = retry(
    retry=retry_if_exception(_is_settling),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(ANSWER_TIMEOUT_S),
    reraise=True,
)
"""Repeats a call to the cluster while the call's partition has no leader."""


def as_cluster_error(error: KafkaException, settings: Settings) -> ClusterError:
    """Kafka's error as an error message with a hint."""
    reason = error.args[0]
    where = settings.bootstrap_servers
    unreachable = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE}  # noqa: SLF001 -- so librdkafka names its own errors
    if reason.code() in unreachable:
        return ClusterError(
            f"No Kafka broker answers at {where}.",
            "Start one with `weir broker start`, or name yours by --bootstrap-servers or WEIR_BOOTSTRAP_SERVERS.",
        )
    return ClusterError(f"Kafka at {where} refused: {reason.str()}.", "`weir doctor` checks the cluster.")
