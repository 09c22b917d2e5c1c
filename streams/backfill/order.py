"""Selects the records that a backfill folds, and gives each the time by which it is sorted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from streams.decode import Refused, decode
from streams.sessionize.arrival import first_arrival
from streams.sessionize.config import FoldConfig
from streams.sessionize.watermark import HEADER, BadWatermarkError, clamped, read_watermark
from weir.kafka.records import LogRecord
from weir.partitioner import partition_for

IDLE = b"idle"


@dataclass(slots=True)
class LeftOut:
    """Number of records that a backfill leaves out, by reason."""

    idle: int = 0
    """Idle watermarks. They are not needed, as the partitions are merged by time."""
    rekeyed: int = 0
    """Events in a wrong partition, of which the rekeyed copies are folded instead."""


@dataclass(slots=True)
class BackfillClock:
    """Gives each record of one partition a time.

    An event's time is clamped by its first arrival, as in a worker. A record that can't be decoded has no time; it gets
    the time of the record before it.
    """

    config: FoldConfig
    partitions: int
    left_out: LeftOut = field(default_factory=LeftOut)
    _last_s: float = 0.0

    def timed(self, records: Iterable[LogRecord]) -> Iterator[tuple[float, LogRecord]]:
        """Time and record of each record to fold, with the visitor as key."""
        for record in records:
            taken = self._watermark(record) if _is_watermark(record) else self._event(record)
            if taken is not None:
                yield self._last_s, taken

    def _watermark(self, record: LogRecord) -> LogRecord | None:
        if dict(record.headers)[HEADER] == IDLE:
            self.left_out.idle += 1
            return None
        with suppress(BadWatermarkError):  # the fold makes it a dead letter, in the order of its offset
            self._last_s = clamped(
                read_watermark(record, self.config.max_record_bytes), record.timestamp, self.config.max_ahead_s
            )
        return record

    def _event(self, record: LogRecord) -> LogRecord | None:
        decoded = decode(record.value, self.config.max_record_bytes)
        if isinstance(decoded, Refused):
            return record
        key = decoded.event.visitor_id.encode()
        if partition_for(key, self.partitions) != record.partition:
            self.left_out.rekeyed += 1
            return None
        first = first_arrival(record)
        arrived_ms = record.timestamp if first is None else min(record.timestamp, first.timestamp)
        self._last_s = clamped(decoded.ts, arrived_ms, self.config.max_ahead_s)
        return record if record.key == key else dataclasses.replace(record, key=key)


def _is_watermark(record: LogRecord) -> bool:
    return any(name == HEADER for name, _ in record.headers)
