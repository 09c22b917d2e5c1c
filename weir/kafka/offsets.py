"""Offsets of moments: where a partition's log stood at a time of arrival."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # it is public, and not declared so

from weir.kafka.admin import admin
from weir.kafka.calls import ANSWER_TIMEOUT_S, answer
from weir.settings import Settings


def offsets_at(settings: Settings, topic: str, moments: Mapping[int, float | None]) -> dict[int, int]:
    """First offset that arrived at or after each moment.

    Args:
        settings: where the cluster is.
        topic: full name.
        moments: UTC seconds for each partition's number; None is the beginning of the log.

    Returns:
        Offset by partition; a partition without such a record is left out.

    Raises:
        ClusterError: the cluster doesn't answer, or lacks the topic.
    """
    if not moments:
        return {}
    asked = {
        TopicPartition(topic, partition): (
            # Its methods have no types.
            OffsetSpec.earliest()  # type: ignore[no-untyped-call]
            if moment is None
            else OffsetSpec.for_timestamp(round(moment * 1000))
        )
        for partition, moment in moments.items()
    }
    # Kept until the answers are there: they never come from a client that is let go of.
    client = admin(settings)
    futures = client.list_offsets(asked, request_timeout=ANSWER_TIMEOUT_S)
    found = {where.partition: answer(future.result, settings).offset for where, future in futures.items()}
    return {partition: offset for partition, offset in found.items() if offset >= 0}
