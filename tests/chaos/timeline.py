"""What happened in a run second by second, read from the logs' own times: nothing is sampled."""

from __future__ import annotations

import itertools
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.oracle.records import Record


@dataclass
class Timeline:
    """By second of the run."""

    begun_ms: int
    events: Counter[int] = field(default_factory=Counter)
    """Records appended to the input."""
    sessions: Counter[int] = field(default_factory=Counter)
    """Revisions that came out."""
    spoken: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By partition: the seconds in which revisions came out."""
    delays_s: dict[int, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    """From an event's append to that of the revision that it brought about; by the second of the revision."""

    merged: int = 0
    """Sessions that another one took in."""
    split: int = 0
    """Sessions that grew beyond a bound."""

    @property
    def seconds(self) -> range:
        """From the first record to the last."""
        noted = [*self.events, *self.sessions]
        return range(max(0, min(noted)), max(noted) + 1) if noted else range(0)

    @property
    def longest_silence_s(self) -> int:
        """Seconds in a row without a revision in some partition, while events were sent."""
        return self.silence_s(0.0, max(self.events, default=0))

    def silence_s(self, begin_s: float, end_s: float) -> int:
        """Likewise, of a stretch of the run."""
        first, last = int(begin_s), int(end_s)
        return max((_longest_gap(spoken, first, last) for spoken in self.spoken.values()), default=0)

    @property
    def events_per_s(self) -> float:
        """Median of the seconds in which something was sent."""
        counts = sorted(self.events.values())
        return float(counts[len(counts) // 2]) if counts else 0.0

    def second(self, timestamp_ms: int) -> int:
        """The second of the run in which a record was appended."""
        return (timestamp_ms - self.begun_ms) // 1000


def _longest_gap(seconds: Iterable[int], first: int, last: int) -> int:
    inside = sorted(second for second in seconds if first <= second <= last)
    return max(after - before - 1 for before, after in itertools.pairwise([first - 1, *inside, last + 1]))


def note_events(timeline: Timeline, record: Record) -> None:
    """Counts a record of the input."""
    timeline.events[timeline.second(record.timestamp)] += 1


def note_session(timeline: Timeline, record: Record) -> None:
    """Counts a revision, and how long it took. A closing waits for the watermark by design, and has no delay."""
    second = timeline.second(record.timestamp)
    timeline.sessions[second] += 1
    timeline.spoken[record.partition].add(second)
    value = record.value or b""
    timeline.merged += b'"merged_into":"' in value
    timeline.split += b'"split":true' in value
    appended = record.header("appended_ms")
    if appended is not None and b'"final":false' in value:
        timeline.delays_s[second].append((record.timestamp - int(appended)) / 1000)
