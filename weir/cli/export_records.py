"""Selects the records of a topic that an export writes, and counts the others by reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from streams.decode import Refused
from streams.read_record import value_reader
from streams.sessionize.arrival import first_arrival, was_rekeyed
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from weir.errors import UsageError
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings
from weir.tables.catalogue import Table
from weir.topics import EVENTS, Topic

_MS = 1_000


@dataclass(frozen=True, slots=True)
class AppendWindow:
    """A window of append times: from `since_s` to before `until_s`; None is open.

    Raises:
        UsageError: the window does not end after its beginning.
    """

    since_s: float | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        if self.since_s is not None and self.until_s is not None and self.until_s <= self.since_s:
            raise UsageError("--until is not later than --since.", "Give a later --until.")

    def __contains__(self, record: LogRecord) -> bool:
        """Whether the record was appended in the window."""
        return (self.since_s is None or record.timestamp >= round(self.since_s * _MS)) and (
            self.until_s is None or record.timestamp < round(self.until_s * _MS)
        )

    def offsets(self, reader: LogReader, topic: Topic) -> tuple[dict[PartitionId, int], dict[PartitionId, int]]:
        """First offset of each partition of the topic, and the offset to stop before.

        If senders set the timestamps, a record may have an earlier timestamp than the record before it. Such a topic
        is read to its end, and the caller checks each record's time.

        Raises:
            ClusterError: the cluster is unreachable, or lacks the topic.
        """
        ranges = reader.ranges()
        begin = {partition: offsets.start for partition, offsets in ranges.items()}
        end = {partition: offsets.end for partition, offsets in ranges.items()}
        if self.since_s is not None:
            begin = reader.since_each(dict.fromkeys(ranges, round(self.since_s * _MS)), ranges)
        if self.until_s is not None and topic.log_append_time:
            end = reader.since_each(dict.fromkeys(ranges, round(self.until_s * _MS)), ranges)
        return begin, end


class Selection:
    """Decides for each record whether it is exported, and counts records that are left out.

    Args:
        settings: have the greatest size of an event.
        table: the table whose topic is exported.
        all_revisions: whether revisions of a session before its final revision are exported too.
    """

    def __init__(self, settings: Settings, table: Table, *, all_revisions: bool) -> None:
        self.watermarks = 0
        self.copies = 0
        self.revisions = 0
        self.unreadable = 0
        self.first_unreadable = ""
        """Position and reason of the first record that could not be read."""
        self._table = table
        self._keeps_all = all_revisions
        self._read = value_reader(table.contract, settings.max_record_bytes)

    def take(self, record: LogRecord) -> Any | None:  # noqa: ANN401 -- the derived struct of any contract
        """The decoded record; None if it is left out."""
        if self._table.topic is EVENTS and self._is_of_weir(record):
            return None
        found = self._read(record.value)
        if isinstance(found, Refused):
            self.count_unreadable(record.partition, record.offset, found.detail)
            return None
        if not self._keeps_all and not self._table.keeps(found):
            self.revisions += 1
            return None
        return found

    def count_unreadable(self, partition: int, offset: int, reason: str) -> None:
        """Counts a record that could not be read."""
        self.unreadable += 1
        self.first_unreadable = self.first_unreadable or f"partition {partition}, offset {offset}: {reason}"

    def left_out(self) -> Iterator[str]:
        """A sentence for each kind of records that were left out as intended."""
        if self.watermarks:
            yield f"Watermark records left out, since they are not events: {self.watermarks:,}."
        if self.copies:
            yield f"Workers' copies of events under another key left out: {self.copies:,}."
        if self.revisions:
            yield f"Revisions before a session's final one left out (--all-revisions takes them): {self.revisions:,}."

    def _is_of_weir(self, record: LogRecord) -> bool:
        headers: Mapping[str, bytes] = dict(record.headers)
        if WATERMARK_HEADER in headers:
            self.watermarks += 1
            return True
        # The event is also in the partition where it arrived first, so without copies each is exported once.
        if was_rekeyed(first_arrival(record)):
            self.copies += 1
            return True
        return False
