"""Delta tables: made with the columns that the contracts give, widened where they lack newer ones, and appended to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError

from weir.errors import WorkError
from weir.tables.columns import DAY, schema

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import Field as DeltaField

    from weir.tables.catalogue import Table

_ATTEMPTS = 5
"""How often to look again when another process makes or widens the same table at the same time."""
# Tried again by itself, deltalake 1.6 makes a table that another process has just made a second time: the log's next
# version has other metadata, with another id.
_ONCE = CommitProperties(max_commit_retries=0)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class StorageError(WorkError):
    """The folder or object store of the tables can't be read or written now; another time it may be."""


def location(uri: str, table: Table) -> str:
    """Where a table lies, in the folder of all tables."""
    return f"{uri.rstrip('/')}/{table.name}"


def exists(uri: str, table: Table) -> bool:
    """Whether the folder of all tables has this one.

    Raises:
        StorageError: the storage can't be read.
    """
    where = location(uri, table)
    with _storage(where):
        return DeltaTable.is_deltatable(where)


def open_or_create(uri: str, table: Table) -> DeltaTable:
    """The Delta table of `table` in the folder `uri` of all tables; made if it is missing, widened if it is narrow.

    Columns that the table has and its contract has no more are left as they are: rows that are appended lack them.
    It may block, and may be called by several processes at once.

    Raises:
        WorkError: the table has another type or partitioning than Weir's.
        StorageError: the storage can't be read or written.
    """
    where = location(uri, table)
    with _storage(where):
        for _ in range(_ATTEMPTS - 1):
            # Another process may make or widen the table in between: then it is there at the next look.
            with suppress(DeltaError):
                return _opened(where, table)
        return _opened(where, table)


def append(delta_table: DeltaTable, rows: pa.Table) -> None:
    """Appends rows in one commit of the table; of no rows there is no commit.

    Raises:
        StorageError: the storage can't be written.
    """
    if rows.num_rows:
        with _storage(delta_table.table_uri):
            # Merged, a column that is the table's alone stays, and is null in these rows.
            write_deltalake(delta_table, rows, mode="append", schema_mode="merge")


def _opened(where: str, table: Table) -> DeltaTable:
    if not DeltaTable.is_deltatable(where):
        return DeltaTable.create(
            where,
            schema(table),
            mode="error",
            partition_by=[DAY],
            name=f"weir.{table.name}",
            description=table.meaning,
            commit_properties=_ONCE,
        )
    found = DeltaTable(where)
    missing = _check(found, table)
    if missing:
        found.alter.add_columns(missing, commit_properties=_ONCE)
    return found


def _check(found: DeltaTable, table: Table) -> list[DeltaField]:
    """The columns that the table lacks.

    Raises:
        WorkError: a column is of another type, or the table is partitioned otherwise.
    """
    there = {field.name: field.type for field in found.schema().fields}
    wanted = DeltaSchema.from_arrow(schema(table)).fields
    differing = [
        f"{field.name} is {_text(there[field.name])} instead of {_text(field.type)}"
        for field in wanted
        if field.name in there and there[field.name] != field.type
    ]
    partitioned = found.metadata().partition_columns
    if partitioned != [DAY]:
        differing.append(f"it is partitioned by {', '.join(partitioned) or 'nothing'} instead of {DAY}")
    if differing:
        raise WorkError(
            f"The table at {found.table_uri} is not as Weir's {table.name}: {'; '.join(differing)}.",
            "Move that table away, or name another folder.",
        )
    return [field for field in wanted if field.name not in there]


def _text(kind: Any) -> str:  # noqa: ANN401 -- deltalake's types have no public base
    """A column's type as Delta's own log has it: the name of a plain one, the JSON of another."""
    named = json.loads(kind.to_json())
    return named if isinstance(named, str) else str(kind.to_json())


@contextmanager
def _storage(where: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        reason = " ".join(_COLOURS.sub("", str(error)).split()).rstrip(".")
        raise StorageError(
            f"The table at {where} can't be read or written: {reason}.", "Check the folder and who may write there."
        ) from error
