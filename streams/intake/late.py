"""Counts lines that will be late, for commands that send lines without reading the results."""

from __future__ import annotations

from streams.intake.line import Line
from streams.intake.order import when
from weir.partitioner import partition_for


class LateCounter:
    """Counts lines that come after the watermark of their partition has closed their session."""

    def __init__(self, partitions: int, gap_s: float, grace_s: float) -> None:
        self._partitions = partitions
        self._behind_s = gap_s + grace_s
        self._newest: dict[int, float] = {}
        self.events = 0
        self.late = 0

    def see(self, line: Line) -> None:
        """Counts a line; lines must come in the order in which they are sent."""
        partition = partition_for(line.key, self._partitions)
        at = when(line)
        newest = self._newest[partition] = max(self._newest.get(partition, at), at)
        self.events += 1
        self.late += at < newest - self._behind_s
