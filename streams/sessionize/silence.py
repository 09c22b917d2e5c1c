"""Idle watermark records for input from files, whose clock is the time of the lines.

Live, a partition that is silent for `idle_timeout_s` gets a watermark record, which advances its event time
(`SessionizeTask.tick`). The time of a file passes within milliseconds, so its reader must write these records.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.sessionize.end_of_input import BEYOND_S
from streams.sessionize.watermark import idle_watermark
from weir.kafka.records import Output


class Silence:
    """Tracks silent partitions of the events topic by the time of a file's lines.

    Args:
        gap_s: Silence that ends a session.
        grace_s: How long a session stays open after its gap.
        idle_timeout_s: Silence after which a partition gets an idle watermark.

    """

    def __init__(self, gap_s: float, grace_s: float, idle_timeout_s: float) -> None:
        self._closed_after_s = gap_s + grace_s + BEYOND_S
        self._idle_timeout_s = idle_timeout_s
        self._now_s = float("-inf")
        self._next_s = float("-inf")
        """Time before which no partition can have been silent for `idle_timeout_s`."""
        self._last_record_s: dict[int, float] = {}
        self._watermarks: dict[int, float] = {}
        self._greatest: dict[int, float] = {}

    def advance_to(self, ts: float) -> Iterator[Output]:
        """Advances the time to `ts`; returns the watermark records of silent partitions."""
        self._now_s = max(self._now_s, ts)
        if ts < self._next_s:
            return
        waiting = []
        for partition in self._last_record_s:
            silence_s = ts - self._last_record_s[partition]
            watermark = self._watermarks[partition]
            # A partition without open sessions gets no idle watermark, as in `SessionizeTask.tick`.
            is_open = watermark <= self._greatest[partition] + self._closed_after_s
            if not is_open:
                continue
            if silence_s >= self._idle_timeout_s:
                self._watermarks[partition] = watermark + silence_s
                self._last_record_s[partition] = ts
                yield idle_watermark(partition, watermark + silence_s)
            waiting.append(self._last_record_s[partition])
        self._next_s = min(waiting, default=ts) + self._idle_timeout_s

    def observe(self, partition: int, ts: float) -> None:
        """Notes an event of the partition, by its event time."""
        self._watermarks[partition] = max(self._watermarks.get(partition, ts), ts)
        self._greatest[partition] = max(self._greatest.get(partition, ts), ts)
        self._last_record_s[partition] = max(self._now_s, ts)
