"""Runs one read-only statement within bounds of time and memory; any failure becomes one error message."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from weir.errors import UsageError, WeirError, WorkError
from weir.tables.reading import one_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PORTION = 2_048
"""Rows of a record batch."""
_WRONG = (
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.NotImplementedException,
    duckdb.NotSupportedError,
)
"""DuckDB's errors for a statement that is not valid."""


def checked(connection: DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one SELECT in the text.

    Raises:
        UsageError: the text has no statement, several, or one that is not a SELECT.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise _as_weir_error(error, 0) from error
    if len(statements) != 1:
        many = "no statement" if not statements else f"{len(statements)} statements"
        raise UsageError(f"A query must be one statement, but this is {many}.", "Give one SELECT.")
    (statement,) = statements
    if statement.type != duckdb.StatementType.SELECT:
        kind = str(statement.type).rpartition(".")[2]
        raise UsageError(f"A query must be a SELECT, but this statement is {kind}.", "Give one SELECT.")
    return statement


@contextmanager
def running(connection: DuckDBPyConnection, sql: str, *, seconds: float) -> Iterator[DuckDBPyConnection]:
    """Runs the statement, and yields the connection to fetch the result from within the block.

    Args:
        connection: a connection by `weir.tables.reading.connect`.
        sql: one SELECT.
        seconds: how long statement and block may take together.

    Raises:
        UsageError: the text is not one valid SELECT, or reads something other than the tables.
        WorkError: it took too long or too much memory, or failed on the data.
    """
    statement = checked(connection, sql)
    with _bounded(connection, seconds):
        yield connection.execute(statement)


@contextmanager
def portions(connection: DuckDBPyConnection, sql: str, *, seconds: float) -> Iterator[Any]:
    """As `running`, but returns Arrow's reader of record batches, which has only a few batches in memory."""
    statement = checked(connection, sql)
    with _bounded(connection, seconds):
        yield connection.sql(statement).to_arrow_reader(PORTION)


@contextmanager
def _bounded(connection: DuckDBPyConnection, seconds: float) -> Iterator[None]:
    over = threading.Event()
    timer = threading.Thread(target=_interrupt, args=(connection, over, seconds), name="query-time", daemon=True)
    timer.start()
    try:
        yield
    except duckdb.Error as error:
        raise _as_weir_error(error, seconds) from error
    except (OSError, RuntimeError) as error:
        # Arrow's reader raises DuckDB's errors as such errors; others, such as a full disk, have no " Error: ".
        if " Error: " not in str(error):
            raise
        raise _as_weir_error(error, seconds) from error
    finally:
        over.set()
        timer.join()


def _interrupt(connection: DuckDBPyConnection, over: threading.Event, seconds: float) -> None:
    """Interrupts until the statement has ended, since DuckDB loses an interrupt between two steps of a query."""
    wait = seconds
    while not over.wait(wait):
        connection.interrupt()
        wait = 0.1


def _as_weir_error(error: Exception, seconds: float) -> WeirError:
    message = one_line(error)
    _, colon, rest = message.partition("Error: ")
    reason = rest if colon else message
    if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in message:
        return WorkError(f"The query took more than {seconds:g} s.", "Ask for fewer days, or give it more --seconds.")
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in message:
        return WorkError(
            "The query takes more memory than is allowed.", "Ask for fewer days or columns, or give more --memory."
        )
    if isinstance(error, duckdb.PermissionException):
        return UsageError(f"A query can read only the tables: {reason}.", "Take from sessions, flags and the others.")
    if isinstance(error, _WRONG):
        return UsageError(
            f"The statement is not valid: {reason}.", "Use DuckDB's SQL; `DESCRIBE sessions` lists columns."
        )
    return WorkError(f"The query failed: {reason}.", "Check the statement against the data.")
