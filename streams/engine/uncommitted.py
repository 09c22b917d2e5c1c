"""Reads the records of open transactions, and finds the flushes of a stage's partition that they belong to."""

from __future__ import annotations

from collections.abc import Iterable

from streams.engine.stamp import Stamps
from weir.kafka.calls import ANSWER_TIMEOUT_S
from weir.kafka.observer import Observer
from weir.kafka.reader import LogReader
from weir.kafka.records import PartitionId
from weir.settings import Settings


def newest_flushes(
    settings: Settings, observer: Observer, topics: Iterable[str], stamps: Stamps
) -> dict[PartitionId, int]:
    """The newest flush that bears one of these stamps in each partition that an open transaction holds up.

    Only the ranges that are held up are read, committed records and others alike.

    Raises:
        ClusterError: the brokers don't show the records in time.
    """
    ranges = observer.open_ranges(observer.partitions(topics))
    if not ranges:
        return {}
    newest: dict[PartitionId, int] = {}
    names = sorted({topic for topic, _ in ranges})
    with LogReader(settings, names, "read_uncommitted", stall_timeout_s=ANSWER_TIMEOUT_S) as reader:
        begin = {partition: offsets.start for partition, offsets in ranges.items()}
        for record in reader.read(begin, {partition: offsets.end for partition, offsets in ranges.items()}):
            flush = stamps.flush(record.headers)
            if flush is not None:
                partition = record.topic, record.partition
                newest[partition] = max(flush, newest.get(partition, flush))
    return newest
