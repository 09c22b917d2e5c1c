"""Idle watermark records for files: what a partition's owner writes live, where the input's time is the clock.

Live, a partition that is silent for `idle_timeout_s` gets a watermark record that moves its time by the time that
passed (`SessionizeTask.tick`). A file's time passes within milliseconds, so whoever reads it says when it has passed.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.sessionize.end_of_input import BEYOND_S
from streams.sessionize.watermark import idle_watermark
from weir.kafka.records import Output


class Silence:
    """Follows the partitions of the events topic by the time of a file's lines.

    Args:
        gap_s: Silence that ends a session.
        grace_s: How long a session waits for stragglers.
        idle_timeout_s: Silence after which a partition's time moves by itself.

    """

    def __init__(self, gap_s: float, grace_s: float, idle_timeout_s: float) -> None:
        self._closed_after_s = gap_s + grace_s + BEYOND_S
        self._idle_timeout_s = idle_timeout_s
        self._now_s = float("-inf")
        self._next_s = float("-inf")
        """No partition is silent for too long before."""
        self._last_record_s: dict[int, float] = {}
        self._watermarks: dict[int, float] = {}
        self._greatest: dict[int, float] = {}

    def pass_until(self, ts: float) -> Iterator[Output]:
        """Lets the input's time pass; gives the watermark records of the partitions that were silent for too long."""
        self._now_s = max(self._now_s, ts)
        if ts < self._next_s:
            return
        waiting = []
        for partition in self._last_record_s:
            silence_s = ts - self._last_record_s[partition]
            watermark = self._watermarks[partition]
            # A partition without an open session has nothing to close: its owner writes nothing either.
            is_open = watermark <= self._greatest[partition] + self._closed_after_s
            if not is_open:
                continue
            if silence_s >= self._idle_timeout_s:
                self._watermarks[partition] = watermark + silence_s
                self._last_record_s[partition] = ts
                yield idle_watermark(partition, watermark + silence_s)
            waiting.append(self._last_record_s[partition])
        self._next_s = min(waiting, default=ts) + self._idle_timeout_s

    def saw(self, partition: int, ts: float) -> None:
        """Notes an event of the partition, by its event time."""
        self._watermarks[partition] = max(self._watermarks.get(partition, ts), ts)
        self._greatest[partition] = max(self._greatest.get(partition, ts), ts)
        self._last_record_s[partition] = max(self._now_s, ts)
