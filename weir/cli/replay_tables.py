"""`weir replay --table`: checks the tables' folder, writes a replay's tables, and reports the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weir.cli.output import say
from weir.errors import UsageError, WorkError
from weir.settings import Settings
from weir.tables.extra import check_extra

if TYPE_CHECKING:
    from streams.replay.tables import TableSink


@contextmanager
def replay_tables(folder: str | None, settings: Settings, *, is_append: bool) -> Iterator[TableSink | None]:
    """The sink that writes the replay's records to the tables in a folder; None without a folder.

    If the block raises, the number of rows that are in the tables already is printed to standard error.

    Raises:
        UsageError: the extra is not installed, the folder has tables already, or there is `--append` without a folder.
        WorkError: the folder can't be written, or has tables of another shape.
    """
    if folder is None:
        if is_append:
            raise UsageError("--append is given without --table.", "Name the tables' folder with --table.")
        yield None
        return
    check_extra("--table")
    from streams.replay.tables import TableSink  # noqa: PLC0415 -- needs the extra

    tables = TableSink(folder, settings.max_record_bytes, is_append=is_append)
    try:
        with tables:
            yield tables
    except BaseException:
        rows = sum(tables.rows.values())
        if rows:
            say(f"The replay did not end: {rows:,} rows of a part of it are in the tables in {folder}.")
        raise


def say_tables(tables: TableSink | None, folder: str | None) -> None:
    """Prints the number of rows of each table to standard error."""
    if tables is not None:
        counts = ", ".join(f"{name} {rows:,}" for name, rows in tables.rows.items())
        say(f"Rows written to the tables in {folder}: {counts}.")


def check_tables(tables: TableSink | None, folder: str | None) -> None:
    """Checks that every record that should be a row is one.

    Raises:
        WorkError: records could not be read, or have a value that no column can hold.
    """
    missing = {} if tables is None else tables.missing
    if missing:
        counts = ", ".join(f"{name} {count:,}" for name, count in missing.items())
        raise WorkError(
            f"The tables in {folder} lack records that could not be read as rows: {counts}.",
            "The files of --sessions, --flags and --late have these records as they are.",
        )
