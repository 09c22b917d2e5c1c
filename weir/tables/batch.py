"""Collects rows up to bounds of number and bytes; records with a value that no column can hold are counted apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from weir.tables.columns import RecordPosition, rows, schema

if TYPE_CHECKING:
    from weir.tables.catalogue import Table

BATCH_ROWS = 50_000
BATCH_BYTES = 64 * 1024 * 1024
"""Most bytes of a batch's records. The number of records is no bound for memory: a session may have many items."""
_UNFIT = (ValueError, OverflowError)
"""Arrow's errors for a value that the column can't hold, such as a count of more than 64 bits."""


class Batch:
    """Records of one table that wait to become rows."""

    def __init__(self, table: Table) -> None:
        self.unfit: list[RecordPosition] = []
        """Positions of records without a row, since a column can't hold one of their values."""
        self._table = table
        self._records: list[Any] = []
        self._places: list[RecordPosition] = []
        self._bytes = 0

    def __len__(self) -> int:
        """Number of waiting records."""
        return len(self._records)

    @property
    def bytes(self) -> int:
        """Bytes of the waiting records' values."""
        return self._bytes

    def add(self, record: Any, place: RecordPosition, size: int) -> None:  # noqa: ANN401 -- any contract's derived struct
        """Adds a record that the derived decoder returned; `size` is the number of bytes of its value."""
        self._records.append(record)
        self._places.append(place)
        self._bytes += size

    def take(self) -> pa.Table:
        """Returns the rows of all waiting records, and empties the batch."""
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
    """Whether the batches together have so many rows or bytes that they should be written."""
    return sum(map(len, batches)) >= BATCH_ROWS or sum(batch.bytes for batch in batches) >= BATCH_BYTES
