"""Follows limits and flags on a separate thread, for as long as the web server runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import msgspec

from weir.asgi.standing import Standing
from weir.contracts import Flag, Limit
from weir.contracts.fast import decoder
from weir.errors import WeirError
from weir.kafka.follower import TopicFollower
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings
from weir.topics import FLAGS, LIMITS

log = logging.getLogger("weir.asgi")
AGAIN_S = 5.0
"""Seconds until the next try when the cluster is unreachable."""
FLAGS_S = 3_600.0
"""Least age up to which flags are read at the start, in seconds."""
_limit = decoder(Limit)
_flag = decoder(Flag)


class Follower(TopicFollower):
    """Updates a standing from the topics; a context manager. After an error it logs the error and tries again.

    If the settings have the rate-limit stage in shadow, limits are not applied. Flags are read from the longest time
    back for which an answer, a report or a `block` is in force by the settings.

    Args:
        settings: Addresses of the brokers, and the topics' prefix.
        standing: The standing that is updated.
    """

    def __init__(self, settings: Settings, standing: Standing) -> None:
        self._standing = standing
        self._limits_topic = settings.names.public(LIMITS)
        self._flags_topic = settings.names.public(FLAGS)
        self._flags_s = max(FLAGS_S, settings.answer_holds_s, settings.report_holds_s, settings.block_holds_s)
        self._updates_limits = "rate_limit" not in settings.shadow
        super().__init__(
            settings,
            [self._limits_topic, self._flags_topic],
            self._update,
            _warn,
            begin=self._newest_flags,
            retry_after_s=AGAIN_S,
        )

    def _newest_flags(self, reader: LogReader) -> Mapping[PartitionId, int]:
        begin = {partition: offsets.start for partition, offsets in reader.ranges().items()}
        recent = reader.since(round((time.time() - self._flags_s) * 1_000))
        return begin | {partition: offset for partition, offset in recent.items() if partition[0] == self._flags_topic}

    def _update(self, record: LogRecord) -> None:
        is_limit = record.topic == self._limits_topic
        if record.value is None or (is_limit and not self._updates_limits):
            return
        told_s = record.timestamp / 1_000
        try:
            if is_limit:
                self._standing.take_limit(_limit(record.value), told_s)
            else:
                self._standing.take_flag(_flag(record.value), told_s)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("skipped %s-%d@%d: not readable", record.topic, record.partition, record.offset)


def _warn(error: Exception) -> None:
    reason = error.message if isinstance(error, WeirError) else repr(error)
    log.warning("limits and flags can't be read: %s", reason)
