"""`weir query`: runs one SELECT over the tables, given as SQL or by name."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from weir.cli.options import Json, with_settings
from weir.cli.output import show
from weir.errors import UsageError
from weir.settings import Settings
from weir.tables.queries import named_queries, named_query

command = typer.Typer()
SHOWN_ROWS = 100
"""Most rows of a table for people, unless --limit is given."""
GRACE_S = 3.0
"""Seconds past --seconds after which the process ends, if DuckDB did not end the query."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_Output = Annotated[Path | None, typer.Option("--parquet", metavar="FILE", help="Write the rows to this new file.")]


@command.command()
@with_settings
def query(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    statement: Annotated[str | None, typer.Argument(help="One SELECT, or the name of a query.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the SELECT from this file.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
    table: Annotated[
        str | None, typer.Option("--table", metavar="URI", help="Folder or object store; table_uri unless given.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Stop a query that takes longer.")] = 60.0,
    memory: Annotated[
        str | None, typer.Option(help="Most memory, such as 2GB; a quarter of the machine's unless given.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Most rows to print; {SHOWN_ROWS} in a table, else all, unless given.")
    ] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header instead of a table.")] = False,
    parquet: _Output = None,
) -> None:
    """Run one SELECT in DuckDB's SQL over sessions, flags, late_events, labels, examples and scores.

    The query can read only the tables, and only the file of --parquet is written. Times are UTC. `weir query --list`
    lists the named queries; `weir query "FROM sessions LIMIT 5"` shows some rows.
    """
    if listed:
        show(
            ({"name": one.name, "answers": one.answers, "reading": one.reading} for one in named_queries()),
            ("name", "answers"),
            as_json=as_json,
        )
        return
    sql = _sql(statement, file)
    if as_json + as_csv + (parquet is not None) > 1:
        raise UsageError("More than one output format is given.", "Choose one of --json, --csv and --parquet.")
    root = table or settings.table_uri
    if not root:
        raise UsageError("The tables' folder or store is not set.", "Name it by --table or the setting table_uri.")
    if parquet is not None and parquet.exists():
        raise UsageError(f"The file {parquet} exists already.", "Name a new file.")
    needs_tables()
    from weir.cli import query_output  # noqa: PLC0415 -- needs the extra

    give: Callable[[Any], None]
    if parquet is not None:
        give = query_output.ParquetOutput(parquet, limit)
    elif as_csv:
        give = query_output.CsvOutput(sys.stdout, limit)
    elif as_json:
        give = query_output.JsonOutput(limit)
    else:
        give = query_output.TableOutput(limit or SHOWN_ROWS)
    part = None if parquet is None else query_output.part_of(parquet)
    _run(root, sql, give, seconds=seconds, memory=memory, part=part)


def needs_tables() -> None:
    """Checks that the packages that read the tables are installed.

    Raises:
        UsageError: a package is not installed.
    """
    try:
        import deltalake  # noqa: F401, PLC0415 -- an extra
        import duckdb  # noqa: F401, PLC0415 -- an extra
        import pyarrow  # noqa: F401, ICN001, PLC0415 -- an extra
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed.", "Install it: pip install 'weir[table]'.") from error


def _run(  # noqa: PLR0913 -- one parameter an option
    root: str,
    sql: str,
    give: Callable[[Any], None],
    *,
    seconds: float,
    memory: str | None,
    part: Path | None,
) -> None:
    from weir.tables.query import portions, running  # noqa: PLC0415 -- needs the extra
    from weir.tables.reading import connect  # noqa: PLC0415 -- likewise

    connection = connect(root, memory=memory)
    try:
        run = running if part is None else portions
        with _hard_end(seconds + GRACE_S, part), run(connection, sql, seconds=seconds) as result:
            give(result)
    finally:
        connection.close()


@contextmanager
def _hard_end(seconds: float, part: Path | None) -> Iterator[None]:
    """Ends the process if the block takes longer, since DuckDB checks for an interrupt only between rows.

    One call of a function that makes a huge list or text was measured to run for twenty seconds.
    """

    def end() -> None:
        if part is not None:
            part.unlink(missing_ok=True)
        sys.stderr.write(
            f"weir: The query was ended after {seconds:g} s.\n  Query fewer rows, or give more --seconds.\n"
        )
        sys.stderr.flush()
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _sql(statement: str | None, file: Path | None) -> str:
    """The SQL to run: the argument, the file's text, or a named query."""
    if (statement is None) == (file is None):
        raise UsageError(
            "One statement, name or --file is needed.", "Give one of them; `weir query --list` lists the names."
        )
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from error
    text = (statement or "").strip()
    return named_query(text).sql if _NAME.fullmatch(text) else text
