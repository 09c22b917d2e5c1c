"""Finds keys without records in a topic, by reading the keys' partitions."""

from __future__ import annotations

import time
from collections.abc import Collection

from weir.kafka.reader import LogReader
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import Topic

LOOK_S = 20.0
"""Greatest time for the search, in seconds."""


def keys_without_records(
    settings: Settings, topic: Topic, keys: Collection[str], look_s: float = LOOK_S
) -> set[str] | None:
    """The keys without a committed record in the topic; None if the search did not end in time.

    Only the partitions of these keys are read, values are not decoded, and reading ends when all keys are found.

    Raises:
        ClusterError: the cluster doesn't answer, or lacks the topic.
    """
    missing = {key.encode() for key in keys}
    if not missing:
        return set()
    deadline = time.monotonic() + look_s
    name = settings.names.public(topic)
    with LogReader(settings, [name]) as reader:
        ranges = reader.ranges()
        width = len(ranges)
        wanted = {(name, partition_for(key, width)) for key in missing}
        begin = {place: ranges[place].start for place in wanted}
        for record in reader.read(begin, {place: ranges[place].end for place in wanted}):
            missing.discard(record.key or b"")
            if not missing:
                return set()
            if time.monotonic() > deadline:
                return None
    return {key.decode() for key in missing}
