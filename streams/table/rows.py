"""What was read and waits for its commit: decoded at once, turned into columns in chunks, by table and partition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa

from streams.decode import Accepted, at_the_gate, decode
from streams.read_record import LARGEST_BYTES
from weir.contracts.fast import decoder
from weir.kafka.records import InputRecord
from weir.tables.catalogue import LATE_TABLE, Table
from weir.tables.columns import Place, rows

_CHUNK = 5_000


@dataclass(slots=True)
class Waiting:
    """One partition's rows that are not committed yet."""

    begin: int | None
    """The table's position that they follow on; None: it has none yet."""
    end: int
    """The position that the table will have with them."""
    chunks: list[pa.Table] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    count: int = 0
    unreadable: int = 0


class Rows:
    """The rows of one table that wait for a commit."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.partitions: dict[int, Waiting] = {}
        self._decode = decoder(table.contract)

    @property
    def count(self) -> int:
        """How many rows wait."""
        return sum(one.count for one in list(self.partitions.values()))

    @property
    def moves(self) -> bool:
        """Whether a commit would move a position."""
        return any(one.end != one.begin for one in self.partitions.values())

    def begin(self, partition: int, position: int | None, offset: int) -> None:
        """From here on rows of the partition follow on `position`, and are read from `offset` on."""
        self.partitions[partition] = Waiting(position, offset)

    def drop(self, partition: int) -> None:
        """Forgets a partition."""
        self.partitions.pop(partition, None)

    def take(self, record: InputRecord) -> bool:
        """Takes the next record of its partition; False where it can't be read and there is no row of it."""
        waiting = self.partitions[record.partition]
        waiting.end = record.offset + 1
        found = self._read(record.value)
        if found is None:
            waiting.unreadable += 1
            return False
        if self.table.keeps(found):
            waiting.records.append(found)
            waiting.places.append(Place(record.partition, record.offset, record.timestamp))
            waiting.count += 1
            if len(waiting.records) >= _CHUNK:
                self._settle(waiting)
        return True

    def collected(self) -> pa.Table | None:
        """All rows that wait, as one; None if there are none."""
        for waiting in self.partitions.values():
            self._settle(waiting)
        chunks = [chunk for one in self.partitions.values() for chunk in one.chunks]
        return pa.concat_tables(chunks) if chunks else None

    def committed(self) -> None:
        """The rows that waited are in the table."""
        for partition, waiting in self.partitions.items():
            self.partitions[partition] = Waiting(waiting.end, waiting.end)

    def _settle(self, waiting: Waiting) -> None:
        if waiting.records:
            waiting.chunks.append(rows(self.table, waiting.records, waiting.places))
            waiting.records, waiting.places = [], []

    def _read(self, value: bytes | None) -> Any | None:  # noqa: ANN401 -- a record of any contract
        if not value or at_the_gate(value, LARGEST_BYTES) is not None:
            return None
        if self.table is LATE_TABLE:
            # Events are of the producers' making, and take what the derived decoder alone refuses.
            accepted = decode(value, LARGEST_BYTES)
            return accepted.event if isinstance(accepted, Accepted) else None
        try:
            return self._decode(value)
        except msgspec.DecodeError:
            return None
