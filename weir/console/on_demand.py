"""Reads events of a visitor that the store doesn't keep from the topic, with progress and bounds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from weir.contracts import Event
from weir.contracts.fast import decoder
from weir.errors import WeirError, WorkError
from weir.kafka.lookup import Mention, ranges_of, read_ranges, record_at
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import EVENTS

log = logging.getLogger("weir.console")
MOST_RECORDS = 2_000_000
"""Most records of the visitor's partition that are read, the newest."""
MOST_FOUND = 500
MOST_AT_ONCE = 4
"""Most readings at once, since each takes a connection and processor time."""
KEPT_S = 600.0
"""Seconds for which found events are kept."""
MOST_KEPT_BYTES = 16_384
"""Of larger events only the position is kept; a page can show each of them."""
_event = decoder(Event)


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event of the topic."""

    partition: int
    offset: int
    told_s: float
    size: int
    """Bytes of the event's value."""
    event_id: str
    type: str
    event: Event | None
    """None if the value is too large to be kept."""


@dataclass(slots=True)
class Read:
    """One reading of a partition for one person."""

    visitor: str
    began_s: float
    total: int = 0
    """Number of records to read."""
    done: int = 0
    found: list[FoundEvent] = field(default_factory=list)
    """Found events, in the order of the partition."""
    is_over: bool = False
    is_cut: bool = False
    """Whether it ended early at the greatest number of events."""
    is_whole: bool = True
    """Whether the partition was read from its first record."""
    error: WeirError | None = None
    is_cancelled: bool = False
    over_s: float = 0.0

    @property
    def share(self) -> float:
        """Share of the records that was read, from 0 to 1."""
        return 1.0 if self.is_over else min(1.0, self.done / self.total) if self.total else 0.0


Source = Callable[[Settings, Read], Iterator[LogRecord]]


class OnDemand:
    """Reads events for people, one reading for each person at a time; any thread may call it.

    Args:
        settings: addresses of the brokers.
        source: yields the records to search; it updates `done` and `total`, and ends if the reading is cancelled.
        clock: returns the time, for the age of results.
    """

    def __init__(
        self, settings: Settings, source: Source | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._source = source or partition_of
        self._clock = clock
        self._reads: dict[str, Read] = {}
        self._lock = threading.Lock()
        self._running = 0

    def read(self, person: str, visitor: str) -> Read:
        """The person's running or kept reading of this visitor, or a new reading, which replaces another visitor's.

        Raises:
            WorkError: `MOST_AT_ONCE` other readings run.
        """
        with self._lock:
            self._forget()
            held = self._reads.get(person)
            if held is not None and held.visitor == visitor and not held.is_cancelled:
                return held
            if self._running >= MOST_AT_ONCE:
                raise WorkError(
                    f"{self._running} other readings of the topic are running.", "Wait until one of them has ended."
                )
            self._running += 1
            if held is not None:
                held.is_cancelled = True
            made = self._reads[person] = Read(visitor, self._clock())
        threading.Thread(target=self._run, args=(made,), name="weir-console-on-demand", daemon=True).start()
        return made

    def held(self, person: str, visitor: str) -> Read | None:
        """The person's reading of this visitor, if there is one."""
        with self._lock:
            self._forget()
            held = self._reads.get(person)
            return held if held is not None and held.visitor == visitor and not held.is_cancelled else None

    def cancel(self, person: str) -> None:
        """Ends a person's reading, and drops the found events."""
        with self._lock:
            held = self._reads.pop(person, None)
            if held is not None:
                held.is_cancelled = True

    def event_at(self, partition: int, offset: int) -> LogRecord | None:
        """One record of the events topic, of any size; None if it was deleted.

        Raises:
            ClusterError: the cluster is unreachable.
        """
        return record_at(self._settings, EVENTS, partition, offset)

    def _forget(self) -> None:
        old_s = self._clock() - KEPT_S
        for person in [name for name, one in self._reads.items() if one.is_over and one.over_s < old_s]:
            del self._reads[person]

    def _run(self, read: Read) -> None:
        mention = Mention(read.visitor)
        try:
            for record in self._source(self._settings, read):
                if read.is_cancelled:
                    break
                if record in mention and (found := _found(record, read.visitor)) is not None:
                    read.found.append(found)
                    if len(read.found) >= MOST_FOUND:
                        read.is_cut = True
                        break
        except WeirError as error:
            read.error = error
        except Exception as error:
            log.exception("reading events on demand failed")
            read.error = WeirError(f"Reading failed: {error!r}.", "The console's log has the details.")
        finally:
            read.over_s = self._clock()
            read.is_over = True
            with self._lock:
                self._running -= 1


def partition_of(settings: Settings, read: Read) -> Iterator[LogRecord]:
    """The newest records of the partition with the visitor's events."""
    with LogReader(settings, [settings.names.public(EVENTS)]) as reader:
        ranges = ranges_of(reader, settings, [EVENTS], read.visitor, MOST_RECORDS)
        read.total = ranges.records
        read.is_whole = ranges.is_whole

        def advance(by: int) -> None:
            read.done += by

        yield from read_ranges(reader, ranges, advance, lambda: read.is_cancelled)


def _found(record: LogRecord, visitor: str) -> FoundEvent | None:
    if any(name == WATERMARK_HEADER for name, _ in record.headers):
        return None
    value = record.value or b""
    try:
        event = _event(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if event.visitor_id != visitor:
        return None
    kept = event if len(value) <= MOST_KEPT_BYTES else None
    return FoundEvent(
        record.partition, record.offset, record.timestamp / 1_000, len(value), event.event_id, event.type, kept
    )
