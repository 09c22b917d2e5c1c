"""Counts lines that will be late, for commands that send lines and don't see their outcome."""

from __future__ import annotations

from streams.intake.line import Line
from streams.intake.order import when
from weir.partitioner import partition_for


class LateCounter:
    """Counts lines whose session would have closed by the newest time of their partition."""

    def __init__(self, partitions: int, gap_s: float, grace_s: float) -> None:
        self._partitions = partitions
        self._behind_s = gap_s + grace_s
        self._newest: dict[int, float] = {}
        self.events = 0
        self.late = 0

    def see(self, line: Line) -> None:
        """Takes the next line, in the order in which lines are sent."""
        partition = partition_for(line.key, self._partitions)
        at = when(line)
        newest = self._newest[partition] = max(self._newest.get(partition, at), at)
        self.events += 1
        self.late += at < newest - self._behind_s
