"""Connections for reading the store: one a thread, opened again after the store was rebuilt."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weir.console.store.schema import FILE, open_to_read
from weir.errors import WorkError

Row = sqlite3.Row


class StoreMissingError(WorkError):
    """There is no store yet."""


class StoreReader:
    """Runs queries on the store; any thread may call it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._local = threading.local()

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """All rows of a query.

        Raises:
            StoreMissingError: the store is being built.
        """
        try:
            return self._connection().execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "unable to open" in str(error) or "disk I/O" in str(error):
                self._forget()
                raise StoreMissingError(
                    "The console is making its store from the topics.", "Wait a moment, then look again."
                ) from error
            raise

    def row(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row; None if there are no rows."""
        return next(iter(self.rows(sql, parameters)), None)

    def number(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
        """The number that a query returns."""
        found = self.row(sql, parameters)
        return int(found[0] or 0) if found is not None else 0

    def _connection(self) -> sqlite3.Connection:
        try:
            inode = (self._folder / FILE).stat().st_ino
        except FileNotFoundError:
            inode = 0
        if getattr(self._local, "inode", None) != inode:
            self._forget()
            self._local.connection = open_to_read(self._folder)
            self._local.inode = inode
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _forget(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None
        self._local.inode = None
