"""Writes the records of a replay to Delta tables with the contracts' columns, for analysis without Kafka."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from streams.decode import Refused
from streams.read_record import value_reader
from weir.errors import UsageError
from weir.tables.batch import Batch, is_full
from weir.tables.catalogue import TABLES, Table
from weir.tables.columns import RecordPosition
from weir.tables.writing import append, exists, open_or_create

if TYPE_CHECKING:
    from collections.abc import Callable

    from deltalake import DeltaTable

    from weir.kafka.records import LogRecord
    from weir.topics import Topic


@dataclass(slots=True)
class _OpenTable:
    """One table and its rows that are not written yet."""

    table: Table
    delta: DeltaTable
    batch: Batch
    read: Callable[[bytes | None], Any | Refused]
    rows: int = 0
    unreadable: int = 0


class TableSink:
    """Writes each record that is a row of one of Weir's tables, in batches over all tables.

    A context manager. Tables are opened at its beginning, so that a wrong folder raises before any work is done. The
    last batch is written when the block ends without an error. If the block raises, the batches written so far stay.

    Args:
        folder: Folder of all tables.
        max_event_bytes: Greatest size of an event.
        is_append: Whether the folder may already have tables.
    """

    def __init__(self, folder: str, max_event_bytes: int, *, is_append: bool) -> None:
        self._folder = folder
        self._max_event_bytes = max_event_bytes
        self._is_append = is_append
        self._tables: dict[str, _OpenTable] = {}

    def __enter__(self) -> Self:
        existing = [table.name for table in TABLES if exists(self._folder, table)]
        if existing and not self._is_append:
            raise UsageError(
                f"{self._folder} has tables already: {', '.join(existing)}.",
                "Name another folder, or add rows to these with --append.",
            )
        self._tables = {
            table.topic.name: _OpenTable(
                table,
                open_or_create(self._folder, table),
                Batch(table),
                value_reader(table.contract, self._max_event_bytes),
            )
            for table in TABLES
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write()

    def __call__(self, topic: Topic, record: LogRecord) -> None:
        """Takes one record. Records of other topics, and records that their table does not keep, are skipped."""
        open_table = self._tables.get(topic.name)
        if open_table is None:
            return
        found = open_table.read(record.value)
        if isinstance(found, Refused):
            open_table.unreadable += 1
        elif open_table.table.keeps(found):
            place = RecordPosition(record.partition, record.offset, record.timestamp)
            open_table.batch.add(found, place, len(record.value or b""))
            if is_full(*(one.batch for one in self._tables.values())):
                self._write()

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows written so far, by table."""
        return {open_table.table.name: open_table.rows for open_table in self._tables.values()}

    @property
    def missing(self) -> dict[str, int]:
        """Number of records that could not be made a row, by table; tables without such records are left out."""
        counts = {one.table.name: one.unreadable + len(one.batch.unfit) for one in self._tables.values()}
        return {name: count for name, count in counts.items() if count}

    def _write(self) -> None:
        for open_table in self._tables.values():
            rows = open_table.batch.take()
            append(open_table.delta, rows)
            open_table.rows += rows.num_rows
