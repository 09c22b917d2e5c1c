"""`weir replay --table`: the tables of a replay, from the check before the work to the report at the end."""

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
    """What takes the replay's records for the tables in a folder; None where no folder is named.

    When the block raises, standard error has a line that says how much of the replay is in the tables already.

    Raises:
        UsageError: the extra is not installed, the folder has tables already, or there is `--append` without a folder.
        WorkError: the folder can't be written, or has tables of another shape.
    """
    if folder is None:
        if is_append:
            raise UsageError("--append belongs to --table.", "Name the tables' folder with --table.")
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
    """Says on standard error how many rows were written to which table."""
    if tables is not None:
        counts = ", ".join(f"{name} {rows:,}" for name, rows in tables.rows.items())
        say(f"Rows written to the tables in {folder}: {counts}.")


def check_tables(tables: TableSink | None, folder: str | None) -> None:
    """Passes if every record that should be a row is one.

    Raises:
        WorkError: some could not be read, or have a value that no column holds.
    """
    missing = {} if tables is None else tables.missing
    if missing:
        counts = ", ".join(f"{name} {count:,}" for name, count in missing.items())
        raise WorkError(
            f"The tables in {folder} lack records that could not be read as rows: {counts}.",
            "The files that --sessions, --flags and --late name have them as they are.",
        )
