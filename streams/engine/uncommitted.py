"""Looks at records that are not committed yet, or never will be: whose flushes they are."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaError, TopicPartition

from streams.engine.cluster import Observer
from streams.engine.fetched import Stretch, Where
from streams.engine.reader import plain
from streams.engine.stamp import Stamps
from weir.errors import ClusterError
from weir.settings import Settings

_ANSWER_S = 15.0
_READ_S = 0.1
_CHUNK = 10_000


def newest_flushes(settings: Settings, observer: Observer, topics: Iterable[str], stamps: Stamps) -> dict[Where, int]:
    """The newest flush that bears one of these stamps in each partition which somebody's open transaction holds up.

    Only what is held up is looked at, committed or not.

    Raises:
        ClusterError: the brokers don't show the records in time.
    """
    stretches = observer.open_stretches(observer.partitions(topics))
    if not stretches:
        return {}
    consumer = Consumer(
        settings.client_options()
        | {
            "group.id": f"{settings.application_id}.reader",
            "client.id": f"{settings.application_id}.reader",
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        },
        logger=logging.getLogger("weir.kafka"),
    )
    try:
        return _read(consumer, stretches, stamps)
    finally:
        consumer.close()


def _read(consumer: Consumer, stretches: Mapping[Where, Stretch], stamps: Stamps) -> dict[Where, int]:
    newest: dict[Where, int] = {}
    unread = set(stretches)
    deadline = time.monotonic() + _ANSWER_S
    consumer.assign([TopicPartition(topic, number, stretches[topic, number].start) for topic, number in stretches])
    while unread:
        for message in consumer.consume(_CHUNK, _READ_S):
            where = message.topic() or "", message.partition() or 0
            error = message.error()
            if error is None:
                record = plain(message)
                if (flush := stamps.flush(record.headers)) is not None:
                    newest[where] = max(flush, newest.get(where, flush))
                if record.offset + 1 >= stretches[where].end:
                    unread.discard(where)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- the library's own name for it
                unread.discard(where)
            elif error.fatal() or not error.retriable():
                raise ClusterError(f"Reading {where} failed: {error.str()}.", "Check the brokers and access rights.")
        if unread and time.monotonic() > deadline:
            raise ClusterError(
                f"The brokers don't show what is open in {sorted(unread)} within {_ANSWER_S:g} s.",
                "Check that they are up.",
            )
    return newest
