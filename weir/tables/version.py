"""The id and newest version of a Delta table."""

from __future__ import annotations

from deltalake import DeltaTable

from weir.errors import WorkError
from weir.tables.catalogue import Table
from weir.tables.reading import one_line
from weir.tables.writing import location


def table_version(root: str, table: Table) -> str | None:
    """The table's id and newest version; None if there is no table. It may wait for an object store.

    Raises:
        WorkError: the table can't be read.
    """
    uri = location(root, table)
    try:
        if not DeltaTable.is_deltatable(uri):
            return None
        found = DeltaTable(uri)
        return f"{found.metadata().id}@{found.version()}"
    except Exception as error:  # deltalake's errors and the store's have no common base
        raise WorkError(
            f"The table {table.name} at {uri} can't be read: {one_line(error)}.",
            "Check the address, the store's credentials and its region.",
        ) from error
