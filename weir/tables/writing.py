"""Makes Delta tables with the columns of the contracts, adds newer columns, and appends rows."""

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
"""Most tries if another process makes or widens the same table at the same time."""
# No retries by deltalake: version 1.6 retries the creation of a table that another process has just made, and thereby
# writes a second version of the log whose metadata have another id.
_ONCE = CommitProperties(max_commit_retries=0)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class StorageError(WorkError):
    """The folder or object store of the tables can't be read or written at the moment."""


def location(uri: str, table: Table) -> str:
    """Address of a table in the folder of all tables."""
    return f"{uri.rstrip('/')}/{table.name}"


def exists(uri: str, table: Table) -> bool:
    """Whether the folder of all tables has this table.

    Raises:
        StorageError: the storage can't be read.
    """
    where = location(uri, table)
    with _storage(where):
        return DeltaTable.is_deltatable(where)


def open_or_create(uri: str, table: Table) -> DeltaTable:
    """The Delta table of `table` in the folder `uri` of all tables; made if it is missing, widened if it lacks columns.

    Columns that the contract no longer has stay in the table, and are null in new rows. The call may block, and several
    processes may call it at once.

    Raises:
        WorkError: a column's type or the table's partitioning differs from Weir's.
        StorageError: the storage can't be read or written.
    """
    where = location(uri, table)
    with _storage(where):
        for _ in range(_ATTEMPTS - 1):
            # Another process may have made or widened the table in between; then the next try finds it.
            with suppress(DeltaError):
                return _opened(where, table)
        return _opened(where, table)


def append(delta_table: DeltaTable, rows: pa.Table) -> None:
    """Appends rows in one commit of the table; without rows there is no commit.

    Raises:
        StorageError: the storage can't be written.
    """
    if rows.num_rows:
        with _storage(delta_table.table_uri):
            # With "merge", a column that only the table has stays, and is null in these rows.
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
            f"The table at {found.table_uri} differs from Weir's {table.name}: {'; '.join(differing)}.",
            "Move that table away, or name another folder.",
        )
    return [field for field in wanted if field.name not in there]


def _text(kind: Any) -> str:  # noqa: ANN401 -- deltalake's types have no public base
    """A column's type as in Delta's log: the name of a primitive type, the JSON of another."""
    named = json.loads(kind.to_json())
    return named if isinstance(named, str) else str(kind.to_json())


@contextmanager
def _storage(where: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        reason = " ".join(_COLOURS.sub("", str(error)).split()).rstrip(".")
        raise StorageError(
            f"The table at {where} can't be read or written: {reason}.", "Check the folder and its permissions."
        ) from error
