"""The columns of each table: derived from its contract, except for fields that may have several types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
from msgspec.structs import astuple

from weir.contracts.fast import encode, fast
from weir.tables.catalogue import EVENTS_TABLE, EXAMPLES_TABLE, LATE_TABLE, SCORES_TABLE, Table
from weir.tables.types import MOMENT_TYPE, arrow_type, column, moments
from weir.times import to_epoch_s

DAY = "day"
"""The column that a table is partitioned by: the UTC day of its `moment`."""


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """Position and append time of a row's record."""

    partition: int
    offset: int
    appended_ms: int


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column, with the function that makes it from records."""

    name: str
    type: pa.DataType
    field: str
    """The contract's field from which the column is made."""
    make: Callable[[Sequence[Any]], pa.Array]
    """Makes the column from the field's values."""
    meaning: str


@cache
def columns(table: Table) -> tuple[TableColumn, ...]:
    """The table's columns that are made from its records, in the order of the contract."""
    by_hand = _BY_HAND.get(table.name, {})
    made: list[TableColumn] = []
    for name, info in table.contract.model_fields.items():
        description = " ".join((info.description or "").split())
        if name in by_hand:
            made += by_hand[name](description)
        else:
            made.append(_derived(name, arrow_type(info.annotation, info.metadata), description))
    return tuple(made)


@cache
def schema(table: Table) -> pa.Schema:
    """The table's schema; each column has its meaning as a comment."""
    fields = [pa.field(one.name, one.type, metadata={"comment": one.meaning}) for one in columns(table)]
    placed = (pa.field(name, kind, metadata={"comment": meaning}) for name, kind, meaning in _PLACE)
    return pa.schema([*fields, *placed])


def rows(table: Table, records: Sequence[Any], places: Sequence[RecordPosition]) -> pa.Table:
    """The table's rows of these records, which the derived decoder of its contract returned."""
    if not records:
        return schema(table).empty_table()
    fields = fast(table.contract).__struct_fields__  # type: ignore[attr-defined]  # the derived struct's own
    values: Mapping[str, Sequence[Any]] = dict(zip(fields, zip(*map(astuple, records), strict=True), strict=True))
    made = {one.name: one.make(values[one.field]) for one in columns(table)}
    arrays = [
        *made.values(),
        made[table.moment].cast(pa.date32()),
        pa.array([place.partition for place in places], pa.int32()),
        pa.array([place.offset for place in places], pa.int64()),
        moments([place.appended_ms / 1_000 for place in places]),
    ]
    return pa.Table.from_arrays(arrays, schema=schema(table))


_PLACE = (
    (DAY, pa.date32(), "UTC day of the row's partition of the table"),
    ("kafka_partition", pa.int32(), "Partition of the topic that the row came from"),
    ("kafka_offset", pa.int64(), "Offset in that partition; the two together are unique in the table"),
    ("appended_at", MOMENT_TYPE, "When the record was appended to the topic"),
)


def _derived(name: str, kind: pa.DataType, meaning: str) -> TableColumn:
    return TableColumn(name, kind, name, lambda values: column(values, kind), meaning)


def _event_time(meaning: str) -> list[TableColumn]:
    def make(values: Sequence[float | str]) -> pa.Array:
        return moments([to_epoch_s(ts) for ts in values])

    return [TableColumn("ts", MOMENT_TYPE, "ts", make, meaning)]


def _properties(meaning: str) -> list[TableColumn]:
    def make(values: Sequence[Any]) -> pa.Array:
        return pa.array([None if value is None else encode(value).decode() for value in values], pa.string())

    return [TableColumn("properties", pa.string(), "properties", make, f"{meaning} As JSON.")]


def _features(meaning: str) -> list[TableColumn]:
    numbers, texts = pa.map_(pa.string(), pa.float64()), pa.map_(pa.string(), pa.string())

    def of(kind: type | tuple[type, ...], to: pa.DataType) -> Callable[[Sequence[Any]], pa.Array]:
        def make(values: Sequence[Mapping[str, Any]]) -> pa.Array:
            found = [{name: one for name, one in value.items() if isinstance(one, kind)} for value in values]
            return column(found, to)

        return make

    return [
        TableColumn("features", numbers, "features", of((int, float), numbers), f"{meaning} Those that are numbers."),
        TableColumn(
            "feature_texts", texts, "features", of(str, texts), f"{meaning} Those that are categories or texts."
        ),
    ]


_EVENT: Mapping[str, Callable[[str], list[TableColumn]]] = {"ts": _event_time, "properties": _properties}
_BY_HAND: Mapping[str, Mapping[str, Callable[[str], list[TableColumn]]]] = {
    EVENTS_TABLE.name: _EVENT,
    LATE_TABLE.name: _EVENT,
    EXAMPLES_TABLE.name: {"features": _features},
    SCORES_TABLE.name: {"features": _features},
}
"""Makers of the columns of fields that may have several types."""
