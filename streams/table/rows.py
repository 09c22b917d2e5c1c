"""Rows that wait for a commit, by table and partition; they are converted to columns in chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from streams.decode import Refused
from streams.read_record import value_reader
from streams.sessionize.arrival import is_in_place
from weir.kafka.records import InputRecord
from weir.tables.batch import Batch
from weir.tables.catalogue import LABELS_TABLE, Table
from weir.tables.columns import RecordPosition

_CHUNK = 5_000
_CHUNK_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class UncommittedRows:
    """One partition's rows that are not committed yet."""

    begin: int | None
    """The table's position before these rows; None if it has none yet."""
    end: int
    """The table's position after these rows."""
    batch: Batch
    chunks: list[pa.Table] = field(default_factory=list)
    in_chunks: int = 0

    @property
    def count(self) -> int:
        """Number of waiting rows."""
        return self.in_chunks + len(self.batch)

    def settle(self) -> None:
        """Converts the waiting records to columns."""
        if len(self.batch):
            chunk = self.batch.take()
            self.chunks.append(chunk)
            self.in_chunks += chunk.num_rows


class Rows:
    """The rows of one table that wait for a commit.

    Args:
        table: The table.
        partitions: Number of partitions of its topic.
        max_event_bytes: Greatest size of an event.
    """

    def __init__(self, table: Table, partitions: int, max_event_bytes: int) -> None:
        self.table = table
        self.partitions: dict[int, UncommittedRows] = {}
        self._number = partitions
        self._read = value_reader(table.contract, max_event_bytes)

    @property
    def count(self) -> int:
        """Number of waiting rows."""
        return sum(one.count for one in list(self.partitions.values()))

    @property
    def moves(self) -> bool:
        """Whether a commit would move a position."""
        return any(one.end != one.begin for one in self.partitions.values())

    def begin(self, partition: int, position: int | None, offset: int) -> None:
        """Adds a partition whose rows follow the table's `position` and are read from `offset`."""
        self.partitions[partition] = UncommittedRows(position, offset, Batch(self.table))

    def take(self, record: InputRecord) -> str:
        """Takes the next record of its partition; returns the reason if the record can't be decoded, otherwise ""."""
        waiting = self.partitions[record.partition]
        waiting.end = record.offset + 1
        found = self._read(record.value)
        if isinstance(found, Refused):
            return found.detail
        if self.table is LABELS_TABLE and not is_in_place(record, found.visitor_id, self._number):
            # The join stage sends a misplaced label to its partition, and that copy becomes the row.
            return ""
        if self.table.keeps(found):
            place = RecordPosition(record.partition, record.offset, record.timestamp)
            waiting.batch.add(found, place, len(record.value or b""))
            if len(waiting.batch) >= _CHUNK or waiting.batch.bytes >= _CHUNK_BYTES:
                waiting.settle()
        return ""

    def collected(self) -> pa.Table | None:
        """All waiting rows as one table; None if there are none."""
        for waiting in self.partitions.values():
            waiting.settle()
        chunks = [chunk for one in self.partitions.values() for chunk in one.chunks]
        return pa.concat_tables(chunks) if chunks else None

    def unfit(self) -> list[RecordPosition]:
        """Positions of records that don't fit into a column and have no row; each is returned once."""
        found = [place for one in self.partitions.values() for place in one.batch.unfit]
        for one in self.partitions.values():
            one.batch.unfit.clear()
        return found

    def committed(self) -> None:
        """Drops the waiting rows after their commit."""
        for partition, waiting in self.partitions.items():
            self.partitions[partition] = UncommittedRows(waiting.end, waiting.end, Batch(self.table))
