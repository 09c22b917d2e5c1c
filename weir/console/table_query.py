"""Runs one query over the tables for the console, within a time, a memory and a number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec

from weir.errors import UsageError, WorkError

SECONDS = 20.0
"""A query that takes longer is stopped."""
MEMORY = "512MiB"
"""Most memory of DuckDB for one query."""
MOST_ROWS = 10_000
"""Most rows of a result; further rows are dropped."""
PACKAGES = ("deltalake", "duckdb", "pyarrow")
"""Packages of the extra `table` that a query needs."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query. Moments are texts in UTC, decimals are floats, and lists are texts joined by commas."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    is_cut: bool
    """Whether the query has more rows than `MOST_ROWS`."""


def check_tables(table_uri: str | None) -> str:
    """Where the tables are, if queries over them can run here at all; that there are tables is not looked at.

    Raises:
        UsageError: the setting `table_uri` or a package is missing.
    """
    if not table_uri:
        raise UsageError(
            "The setting table_uri is not set.",
            "Set it to the folder or object store in which the stage table writes the tables.",
        )
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UsageError(f"Tables need {', '.join(missing)}.", "Install the extra: pip install 'weir[table]'.")
    return table_uri


def run_query(root: str, sql: str) -> QueryResult:
    """Runs one SELECT over the tables under `root`; needs the extra `table`, and may wait for an object store.

    Raises:
        UsageError: there is no table.
        WorkError: a table can't be read, or the query takes more than `SECONDS` or `MEMORY`.
    """
    from weir.tables.query import running  # noqa: PLC0415 -- needs the extra
    from weir.tables.reading import connect  # noqa: PLC0415 -- likewise

    try:
        connection = connect(root, memory=MEMORY)
    except UsageError as error:
        hint = "Run a worker with the stage table (weir worker --stages table): its first commit makes them."
        raise UsageError(error.message, hint) from error
    try:
        with running(connection, sql, seconds=SECONDS) as found:
            columns = [str(column[0]) for column in found.description or ()]
            rows = found.fetchmany(MOST_ROWS + 1)
    except WorkError as error:
        hint = "`weir query` on the command line may take longer (--seconds) and more memory (--memory)."
        raise WorkError(error.message, hint) from error
    finally:
        connection.close()
    kept = [tuple(_plain(value) for value in row) for row in rows[:MOST_ROWS]]
    return QueryResult(columns, kept, is_cut=len(rows) > MOST_ROWS)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if value.tzinfo is not None else str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)
