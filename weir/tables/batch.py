"""Rows that wait to be written together, bounded in number and in bytes; what no column can hold is counted apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from weir.tables.columns import RecordPosition, rows, schema

if TYPE_CHECKING:
    from weir.tables.catalogue import Table

BATCH_ROWS = 50_000
BATCH_BYTES = 64 * 1024 * 1024
"""Of the records' values: a session with thousands of items is a thousand times as large as one without."""
_UNFIT = (ValueError, OverflowError)
"""What Arrow raises for a value that its column can't hold, such as a count of more than 64 bits."""


class Batch:
    """Records of one table, until they are taken as rows."""

    def __init__(self, table: Table) -> None:
        self.unfit: list[RecordPosition] = []
        """Where records lie that became no row, since a column can't hold one of their values."""
        self._table = table
        self._records: list[Any] = []
        self._places: list[RecordPosition] = []
        self._bytes = 0

    def __len__(self) -> int:
        """How many records wait."""
        return len(self._records)

    @property
    def bytes(self) -> int:
        """Size of the values of the records that wait."""
        return self._bytes

    def add(self, record: Any, place: RecordPosition, size: int) -> None:  # noqa: ANN401 -- any contract's derived struct
        """Takes a record, as the derived decoder gives it; `size` is that of its value."""
        self._records.append(record)
        self._places.append(place)
        self._bytes += size

    def take(self) -> pa.Table:
        """The rows of all that waits; nothing waits any more."""
        records, places = self._records, self._places
        self._records, self._places, self._bytes = [], [], 0
        try:
            return rows(self._table, records, places)
        except _UNFIT:
            return self._one_by_one(records, places)

    def _one_by_one(self, records: list[Any], places: list[RecordPosition]) -> pa.Table:
        made: list[pa.Table] = [schema(self._table).empty_table()]
        for record, place in zip(records, places, strict=True):
            try:
                made.append(rows(self._table, [record], [place]))
            except _UNFIT:
                self.unfit.append(place)
        return pa.concat_tables(made).combine_chunks()


def is_full(*batches: Batch) -> bool:
    """Whether so much waits together that it should be written."""
    return sum(map(len, batches)) >= BATCH_ROWS or sum(batch.bytes for batch in batches) >= BATCH_BYTES
