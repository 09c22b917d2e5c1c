"""Which records of the events topic a backfill takes: offsets of each partition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weir.errors import UsageError

_LONGEST_NUMBER = 10
Headers = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class BackfillRange:
    """Offsets from `first` up to and without `end` of one partition."""

    partition: int
    first: int
    end: int

    @property
    def offsets(self) -> int:
        """How many offsets it spans; at least as many as there are records."""
        return max(0, self.end - self.first)


@dataclass(slots=True)
class LateSpan:
    """What late events of one partition ask for."""

    least_ts: float
    """The earliest of their event times."""
    events: int


class LateSpans:
    """Collects late events by the partition of the events topic that they came from.

    A late event's own record says where it lies; its session's other events arrived around the event's time, at the
    earliest one whole session before it. So the stretch that can give it its place begins there.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.spans: dict[int, LateSpan] = {}

    def add(self, headers: Headers, ts: float) -> None:
        """Takes one late event's headers and time; one that names another topic, or no place, says nothing here."""
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
    """What was asked for: times of arrival, or offsets of one partition; None is open."""

    from_s: float | None = None
    to_s: float | None = None
    partition: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None

    def check(self) -> None:
        """Refuses what contradicts itself.

        Raises:
            UsageError: offsets without a partition or along with times, or an end before the beginning.
        """
        offsets = self.from_offset is not None or self.to_offset is not None
        if offsets and self.partition is None:
            raise UsageError("Offsets belong to a partition.", "Say which, with --partition.")
        if offsets and self.is_by_time:
            raise UsageError("A stretch is given by times or by offsets, not both.", "Leave one out.")
        for first, end in ((self.from_s, self.to_s), (self.from_offset, self.to_offset)):
            if first is not None and end is not None and end <= first:
                raise UsageError("The stretch ends where it begins, or before.", "Give an end that is later.")

    def within(self, whole: BackfillRange) -> BackfillRange:
        """What the offsets choose of a partition."""
        first = whole.first if self.from_offset is None else max(whole.first, self.from_offset)
        end = whole.end if self.to_offset is None else min(whole.end, self.to_offset)
        return BackfillRange(whole.partition, first, end)

    @property
    def is_by_time(self) -> bool:
        """Whether times were given."""
        return self.from_s is not None or self.to_s is not None

    @property
    def is_open(self) -> bool:
        """Whether nothing was given: the late events choose."""
        return not self.is_by_time and self.partition is None
