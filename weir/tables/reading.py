"""Makes a DuckDB connection that can read only a view of each table.

The views are Arrow datasets over the files that the Delta log names. DuckDB therefore needs no extension for Delta,
which it would download, and no access to files, which is disabled. The configuration is locked.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as pads

from weir.errors import UsageError, WorkError
from weir.tables.catalogue import TABLES, Table
from weir.tables.columns import schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MACROS = """
CREATE MACRO wilson_low(k, n) AS
    CASE WHEN n > 0 THEN
        greatest(0, (k + 1.9207 - 1.96 * sqrt(k * (n - k) / n + 0.9604)) / (n + 3.8416)) END;
CREATE MACRO wilson_high(k, n) AS
    CASE WHEN n > 0 THEN
        least(1, (k + 1.9207 + 1.96 * sqrt(k * (n - k) / n + 0.9604)) / (n + 3.8416)) END;
"""
"""Wilson's interval (1927) at 95 % of a share of k in n; its bounds are within 0 and 1 even for small n."""
MOST_THREADS = 4
"""Most threads of a query, so that other programs on a large machine have processors too."""
SMALLEST_LIMIT = 256 * 2**20
_SIZE = re.compile(r"[1-9][0-9]{0,5}(\.[0-9]+)? ?[KMGT]i?B", re.IGNORECASE)


def default_memory() -> str:
    """A quarter of the machine's memory, in DuckDB's notation."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{max(total // 4, SMALLEST_LIMIT) // 2**20}MiB"


def dataset(root: str, table: Table, *, version: int | None = None) -> pads.Dataset | None:
    """The newest version of a table, or the given one; None if there is no table. It may wait for an object store.

    A column that the table lacks is null in every row.

    Raises:
        WorkError: the table can't be read.
    """
    from deltalake import DeltaTable  # noqa: PLC0415 -- takes long to import, and is an extra

    from weir.tables.writing import location  # noqa: PLC0415 -- imports it, too

    uri = location(root, table)
    try:
        if not DeltaTable.is_deltatable(uri):
            return None
        found = DeltaTable(uri, version=version).to_pyarrow_dataset()
    except Exception as error:  # deltalake's errors, Arrow's and the store's have no common base
        raise WorkError(
            f"The table {table.name} at {uri} can't be read: {one_line(error)}.",
            "Check the address, the store's credentials and its region.",
        ) from error
    missing = [field for field in schema(table) if field.name not in found.schema.names]
    return found.replace_schema(pa.schema([*found.schema, *missing])) if missing else found


def connect(root: str, *, memory: str | None = None) -> DuckDBPyConnection:
    """A connection with a view of each table, to be closed by the caller.

    Args:
        root: folder or object store of the tables.
        memory: most memory of DuckDB, such as `2GB`; a quarter of the machine's unless given. Arrow's read-ahead
            of some megabytes for each open file is not counted.

    Raises:
        UsageError: there is no table, or `memory` is not a size.
        WorkError: a table can't be read.
    """
    import duckdb  # noqa: PLC0415 -- takes long to import, and is an extra

    found: dict[str, Any] = {table.name: dataset(root, table) for table in TABLES}
    if all(one is None for one in found.values()):
        raise UsageError(f"There are no tables in {root}.", "Name the folder or store that `table_uri` names.")
    connection = duckdb.connect(":memory:")
    try:
        _limit(connection, memory or default_memory())
        for table in TABLES:
            rows = found[table.name]
            connection.register(table.name, schema(table).empty_table() if rows is None else rows)
        connection.execute(MACROS)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def one_line(error: BaseException) -> str:
    """The first line of an error's message, with control characters escaped, since it may quote a visitor's text."""
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    shown = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in first.strip())
    return "".join(shown).rstrip(".!")


def _limit(connection: DuckDBPyConnection, memory: str) -> None:
    # DuckDB reads a negative number as no limit.
    if not _SIZE.fullmatch(memory):
        raise UsageError(f"--memory {memory} is not a size.", "For example: --memory 2GB.")
    connection.execute("SET memory_limit = ?", [memory])
    connection.execute(f"SET threads = {min(os.cpu_count() or 1, MOST_THREADS)}")
    connection.execute("SET TimeZone = 'UTC'")
    # DuckDB must write no files, so it may not spill to disk either.
    connection.execute("SET temp_directory = ''")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    # A query must not read Python variables as tables.
    connection.execute("SET python_enable_replacements = false")
