"""The end of input: one watermark record for each partition with events, which closes all sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.sessionize.watermark import HEADER
from weir.contracts import Watermark
from weir.contracts.fast import encode
from weir.kafka.records import Output
from weir.topics import EVENTS

KIND: Final = "end-of-input"
BEYOND_S = 1e-6
"""A session closes when its end is before the watermark less gap and grace, and not when it is equal."""


class EndOfInput:
    """Takes the times of all events, and makes the watermark records that close their sessions."""

    def __init__(self, gap_s: float, grace_s: float) -> None:
        self._ahead_s = gap_s + grace_s + BEYOND_S
        self._greatest: dict[int, float] = {}
        self._watermarks: dict[int, float] = {}

    def observe(self, partition: int, ts: float) -> None:
        """Notes an event of the partition, by its event time."""
        self._greatest[partition] = max(self._greatest.get(partition, 0.0), ts)

    def observe_watermark(self, partition: int, watermark: float) -> None:
        """Notes a watermark of the partition, below which the end of input must not be."""
        self._watermarks[partition] = max(self._watermarks.get(partition, 0.0), watermark)

    def records(self) -> Iterator[Output]:
        """The watermark records in the order of partitions."""
        for partition, ts in sorted(self._greatest.items()):
            watermark = max(ts + self._ahead_s, self._watermarks.get(partition, 0.0))
            value = encode(Watermark(watermark=round(watermark, 6), kind=KIND))
            yield Output(EVENTS, None, value, ((HEADER, KIND.encode()),), partition)
