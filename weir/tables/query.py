"""Runs one statement that only reads, within a time and a memory; what ends it otherwise is one sentence."""

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
"""The statement can't be understood."""


def checked(connection: DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one SELECT that the text holds.

    Raises:
        UsageError: it holds none, several, or another statement.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise _as_weir_error(error, 0) from error
    if len(statements) != 1:
        many = "no statement" if not statements else f"{len(statements)} statements"
        raise UsageError(f"A query is one statement, and this is {many}.", "Give one SELECT.")
    (statement,) = statements
    if statement.type != duckdb.StatementType.SELECT:
        kind = str(statement.type).rpartition(".")[2]
        raise UsageError(f"A query only reads; this statement is {kind}.", "Give one SELECT.")
    return statement


@contextmanager
def running(connection: DuckDBPyConnection, sql: str, *, seconds: float) -> Iterator[DuckDBPyConnection]:
    """The connection with the statement's result to fetch from, which must happen within the block.

    Args:
        connection: of `weir.tables.reading.connect`.
        sql: one SELECT.
        seconds: how long statement and block may take together.

    Raises:
        UsageError: the text is no single SELECT, can't be understood, or would read something other than the tables.
        WorkError: it took too long or too much memory, or failed over the data.
    """
    statement = checked(connection, sql)
    with _bounded(connection, seconds):
        yield connection.execute(statement)


@contextmanager
def portions(connection: DuckDBPyConnection, sql: str, *, seconds: float) -> Iterator[Any]:
    """As `running`, but gives Arrow's reader of record batches, which has never more than a few of them in memory."""
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
        # Through Arrow's reader DuckDB's errors come as these; a full disk, say, is not one of them.
        if " Error: " not in str(error):
            raise
        raise _as_weir_error(error, seconds) from error
    finally:
        over.set()
        timer.join()


def _interrupt(connection: DuckDBPyConnection, over: threading.Event, seconds: float) -> None:
    """Interrupts until the statement has ended: one that comes between two steps of a query is lost."""
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
            "The query takes more memory than it may have.", "Ask for fewer days or columns, or give more --memory."
        )
    if isinstance(error, duckdb.PermissionException):
        return UsageError(f"A query reads the tables alone: {reason}.", "Take from sessions, flags and the others.")
    if isinstance(error, _WRONG):
        return UsageError(
            f"The statement can't be understood: {reason}.", "It is DuckDB's SQL; `DESCRIBE sessions` names columns."
        )
    return WorkError(f"The query failed: {reason}.", "Check the statement against the data.")
