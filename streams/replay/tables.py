"""Where replay writes tables: Delta tables with the columns that the contracts give, for analysis without Kafka."""

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
class _Written:
    """One table, and what of it waits."""

    table: Table
    delta: DeltaTable
    batch: Batch
    read: Callable[[bytes | None], Any | Refused]
    rows: int = 0
    unreadable: int = 0


class TableSink:
    """Writes each record that is a row of one of Weir's tables, in batches of all tables together.

    A context manager: tables are opened at once, so that a wrong folder shows before the work. What waits is written
    when the block ends well. When the block raises, the batches that were written before stay in the tables.

    Args:
        folder: of all tables.
        max_event_bytes: of an event that is taken for one.
        is_append: whether the folder may have tables already.
    """

    def __init__(self, folder: str, max_event_bytes: int, *, is_append: bool) -> None:
        self._folder = folder
        self._max_event_bytes = max_event_bytes
        self._is_append = is_append
        self._tables: dict[str, _Written] = {}

    def __enter__(self) -> Self:
        there = [table.name for table in TABLES if exists(self._folder, table)]
        if there and not self._is_append:
            raise UsageError(
                f"{self._folder} has tables already: {', '.join(there)}.",
                "Name another folder, or add rows to these with --append.",
            )
        self._tables = {
            table.topic.name: _Written(
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
        """Takes one record; those of other topics, and those that their table does not keep, are passed over."""
        written = self._tables.get(topic.name)
        if written is None:
            return
        found = written.read(record.value)
        if isinstance(found, Refused):
            written.unreadable += 1
        elif written.table.keeps(found):
            place = RecordPosition(record.partition, record.offset, record.timestamp)
            written.batch.add(found, place, len(record.value or b""))
            if is_full(*(one.batch for one in self._tables.values())):
                self._write()

    @property
    def rows(self) -> dict[str, int]:
        """How many rows were written so far, by table."""
        return {written.table.name: written.rows for written in self._tables.values()}

    @property
    def missing(self) -> dict[str, int]:
        """How many records became no row though they should have, by table; tables without such records are absent."""
        counts = {one.table.name: one.unreadable + len(one.batch.unfit) for one in self._tables.values()}
        return {name: count for name, count in counts.items() if count}

    def _write(self) -> None:
        for written in self._tables.values():
            rows = written.batch.take()
            append(written.delta, rows)
            written.rows += rows.num_rows
