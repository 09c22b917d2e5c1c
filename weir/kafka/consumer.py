"""Makes all consumers except the engine's: for readers, followers, recoveries and the tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from weir.kafka.calls import SILENT
from weir.kafka.records import PartitionId
from weir.settings import Settings

BEGINNING: int = OFFSET_BEGINNING
"""Stands for the offset at which the log begins."""
_LONGEST_WORK_MS = 20 * 60 * 1_000
_GROUP_READ_AHEAD_KIBIBYTES = 32_768
Isolation = Literal["read_committed", "read_uncommitted"]
_READ_AHEAD_KIBIBYTES = 8_192
"""Bound of a partition's queue: a worker reads many partitions, and librdkafka never frees the memory of a queue, which
has 64 MiB by default."""
_READ_AHEAD_PAUSE_MS = 10
"""Time after which a consumer with a full queue fetches again. With the default of a second its queue ran empty."""


def consumer_without_group(
    settings: Settings,
    *,
    isolation: Isolation = "read_committed",
    may_skip: bool = True,
    logger: logging.Logger | None = None,
) -> Consumer:
    """A consumer that commits nothing and subscribes to nothing: its caller assigns partitions and offsets.

    Args:
        settings: addresses of the brokers.
        isolation: whether records of open and aborted transactions are read too.
        may_skip: whether to begin at the log's beginning if the start offset is gone; False makes this an error.
        logger: gets librdkafka's own log lines; without one, nothing is logged.
    """
    options: dict[str, Any] = settings.client_options() | {
        # librdkafka requires a group id. No broker gets the id, since nothing is committed or subscribed.
        "group.id": f"{settings.application_id}.reader",
        "client.id": f"{settings.application_id}.reader",
        "isolation.level": isolation,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest" if may_skip else "error",
        "fetch.wait.max.ms": 100,
        "queued.max.messages.kbytes": _READ_AHEAD_KIBIBYTES,
        "fetch.queue.backoff.ms": _READ_AHEAD_PAUSE_MS,
    }
    return Consumer(options, logger=logger) if logger is not None else Consumer(options | SILENT)


def consumer_of_group(settings: Settings, group: str) -> Consumer:
    """A consumer of committed records that shares partitions with the others of its group.

    Its caller chooses the offset to begin at for each assigned partition; an offset that is gone is an error.
    """
    options: dict[str, Any] = settings.client_options() | {
        "group.id": group,
        "client.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "session.timeout.ms": int(settings.session_timeout_s * 1_000),
        # A worker must not lose its partitions because the tables' store is slow or unreachable.
        "max.poll.interval.ms": _LONGEST_WORK_MS,
        "queued.max.messages.kbytes": _GROUP_READ_AHEAD_KIBIBYTES,
        "fetch.queue.backoff.ms": _READ_AHEAD_PAUSE_MS,
    }
    return Consumer(options | SILENT)


def assign(consumer: Consumer, begin: Mapping[PartitionId, int]) -> None:
    """Assigns partitions to a consumer, each with the offset to begin at."""
    consumer.assign([TopicPartition(topic, partition, at) for (topic, partition), at in begin.items()])
