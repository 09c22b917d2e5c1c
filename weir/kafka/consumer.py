"""The one place where consumers are made, but for the engine's: for readers, followers, recoveries and the tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from weir.kafka.calls import SILENT
from weir.kafka.records import PartitionId
from weir.settings import Settings

BEGINNING: int = OFFSET_BEGINNING
"""In the place of an offset: wherever the log begins."""
_LONGEST_WORK_MS = 20 * 60 * 1_000
_GROUP_READ_AHEAD_KIBIBYTES = 32_768
Isolation = Literal["read_committed", "read_uncommitted"]
_READ_AHEAD_KIBIBYTES = 8_192
"""A worker reads many partitions at once, and librdkafka never gives memory back: 64 MiB a partition by default."""
_READ_AHEAD_PAUSE_MS = 10
"""How soon a full consumer looks whether there is room again: a second by default, in which it would run dry."""


def consumer_without_group(
    settings: Settings,
    *,
    isolation: Isolation = "read_committed",
    may_skip: bool = True,
    logger: logging.Logger | None = None,
) -> Consumer:
    """A consumer that commits nothing and subscribes to nothing: its user assigns partitions and offsets.

    Args:
        settings: where the cluster is.
        isolation: whether records of open and aborted transactions are read too.
        may_skip: whether a start offset that is gone means the log's beginning; False makes it an error.
        logger: gets librdkafka's own log lines; without one, nothing is logged.
    """
    options: dict[str, Any] = settings.client_options() | {
        # librdkafka requires a group id. The broker never hears of it, since nothing is committed or subscribed.
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

    Where to begin is its user's to say, for each partition that it is assigned: an offset that is gone is an error.
    """
    options: dict[str, Any] = settings.client_options() | {
        "group.id": group,
        "client.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "session.timeout.ms": int(settings.session_timeout_s * 1_000),
        # A store that is slow or away is no reason to lose one's partitions.
        "max.poll.interval.ms": _LONGEST_WORK_MS,
        "queued.max.messages.kbytes": _GROUP_READ_AHEAD_KIBIBYTES,
        "fetch.queue.backoff.ms": _READ_AHEAD_PAUSE_MS,
    }
    return Consumer(options | SILENT)


def assign(consumer: Consumer, begin: Mapping[PartitionId, int]) -> None:
    """Lets a consumer read these partitions, each from its offset on."""
    consumer.assign([TopicPartition(topic, partition, at) for (topic, partition), at in begin.items()])
