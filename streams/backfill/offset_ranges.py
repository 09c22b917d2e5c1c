"""The ranges of offsets of the events topic that a backfill processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weir.errors import UsageError

_LONGEST_NUMBER = 10
Headers = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class BackfillRange:
    """Offsets of one partition, from `first` inclusive to `end` exclusive."""

    partition: int
    first: int
    end: int

    @property
    def offsets(self) -> int:
        """Number of offsets in the range; there may be fewer records, as transaction markers have offsets, too."""
        return max(0, self.end - self.first)


@dataclass(slots=True)
class LateSpan:
    """Number and least time of the late events of one partition."""

    least_ts: float
    """The least event time."""
    events: int


class LateSpans:
    """Collects late events by the partition of the events topic that they were read from.

    A late event's record has its input partition in a header. The other events of its session arrived around its time,
    at the earliest `max_session_s` and `gap_s` before it, so the range must begin there.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.spans: dict[int, LateSpan] = {}

    def add(self, headers: Headers, ts: float) -> None:
        """Adds a late event by its headers and time. Events without a valid partition of the topic are ignored."""
        found = dict(headers)
        number = found.get("partition", b"")
        if found.get("topic") != self._topic.encode() or not (number.isdigit() and len(number) < _LONGEST_NUMBER):
            return
        partition = int(number)
        span = self.spans.setdefault(partition, LateSpan(ts, 0))
        span.least_ts = min(span.least_ts, ts)
        span.events += 1


@dataclass(frozen=True, slots=True)
class Choice:
    """The requested range: times of arrival, or offsets of one partition; None means no bound."""

    from_s: float | None = None
    to_s: float | None = None
    partition: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None

    def check(self) -> None:
        """Checks that the options don't contradict each other.

        Raises:
            UsageError: Offsets are given without a partition or together with times, or the end is not after the start.
        """
        offsets = self.from_offset is not None or self.to_offset is not None
        if offsets and self.partition is None:
            raise UsageError("Offsets are given without a partition.", "Name the partition with --partition.")
        if offsets and self.is_by_time:
            raise UsageError("Both times and offsets are given.", "Give times or offsets.")
        for first, end in ((self.from_s, self.to_s), (self.from_offset, self.to_offset)):
            if first is not None and end is not None and end <= first:
                raise UsageError(f"The range ends at {end}, which is not after its start {first}.", "Give a later end.")

    def within(self, whole: BackfillRange) -> BackfillRange:
        """The requested range within the partition's offsets."""
        first = whole.first if self.from_offset is None else max(whole.first, self.from_offset)
        end = whole.end if self.to_offset is None else min(whole.end, self.to_offset)
        return BackfillRange(whole.partition, first, end)

    @property
    def is_by_time(self) -> bool:
        """Whether times were given."""
        return self.from_s is not None or self.to_s is not None

    @property
    def is_open(self) -> bool:
        """Whether no bound is given, so that late events decide the range."""
        return not self.is_by_time and self.partition is None
