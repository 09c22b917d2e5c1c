"""`weir export`: writes a window of a topic to a file, for use without Kafka and without tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from weir.cli.export_files import ExportFile, check_target, json_file, json_output, parquet_file
from weir.cli.export_records import AppendWindow, Selection
from weir.cli.options import moment, with_settings
from weir.cli.output import progress, say
from weir.errors import UsageError, WorkError
from weir.kafka.reader import LogReader
from weir.settings import Settings
from weir.tables.catalogue import EVENTS_TABLE, FLAGS_TABLE, SESSIONS_TABLE, Table
from weir.tables.extra import check_extra

command = typer.Typer()
EXPORTED = {table.name: table for table in (EVENTS_TABLE, SESSIONS_TABLE, FLAGS_TABLE)}
STANDARD_OUTPUT = "-"
LONG_RECORDS = 20_000
"""Number of records from which on a progress bar is shown."""
ADVANCE_EVERY = 1_000


@command.command()
@with_settings
def export(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    topic: Annotated[str, typer.Argument(help=f"One of {', '.join(EXPORTED)}.")],
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Write typed columns here, as Parquet.")
    ] = None,
    jsonl: Annotated[
        str | None,
        typer.Option("--jsonl", metavar="FILE", help="Write the records here, one a line; - is standard output."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Records appended from this time on (ISO 8601 or seconds); all unless given."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Records appended before this time; now unless given.")
    ] = None,
    all_revisions: Annotated[
        bool, typer.Option("--all-revisions", help="Of sessions: also the revisions before the final revision.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write the committed records that a topic has now to a file.

    The file gets its name when it is complete. JSON lines are the records' values. Parquet has the columns of Weir's
    tables, with the record's partition and offset; texts of events that are longer than their bound are cut to the
    bound, as the stages do. Unreadable records are counted and left out, and then the exit code is 1. Of events,
    watermark records and workers' copies of events that came under another key are counted and left out.
    """
    table = EXPORTED.get(topic)
    if table is None:
        raise UsageError(f"The topic {topic} can't be exported.", f"Choose one of {', '.join(EXPORTED)}.")
    if all_revisions and table is not SESSIONS_TABLE:
        raise UsageError("--all-revisions applies only to sessions.", "Leave it out, or export sessions.")
    window = AppendWindow(
        None if since is None else moment("--since", since), None if until is None else moment("--until", until)
    )
    selection = Selection(settings, table, all_revisions=all_revisions)
    name, opened = _target(table, selection, parquet, jsonl, force=force)
    with LogReader(settings, [settings.names.public(table.topic)]) as reader:
        begin, end = window.offsets(reader, table.topic)
        total = sum(max(0, offset - begin[partition]) for partition, offset in end.items())
        with opened as file, _progress(topic, total) as advance:
            for count, record in enumerate(reader.read(begin, end), 1):
                decoded = selection.take(record) if record in window else None
                if decoded is not None:
                    file.write(record, decoded)
                if count % ADVANCE_EVERY == 0:
                    advance(ADVANCE_EVERY)
    for sentence in selection.left_out():
        say(sentence)
    say(f"{name}: records {file.records:,}, bytes {file.bytes:,}.")
    if selection.unreadable:
        raise WorkError(
            f"{name} lacks the records that could not be read: {selection.unreadable:,}. "
            f"The first is at {selection.first_unreadable}",
            "The readable records were written. `weir dead-letters list` shows records that workers refused.",
        )


def _target(
    table: Table, selection: Selection, parquet: Path | None, jsonl: str | None, *, force: bool
) -> tuple[str, AbstractContextManager[ExportFile]]:
    """The file's name, and a context manager that opens it."""
    if (parquet is None) == (jsonl is None):
        raise UsageError("An export writes one file.", "Name it with --parquet FILE or with --jsonl FILE.")
    if jsonl == STANDARD_OUTPUT:
        return "Standard output", json_output(table)
    path = Path(jsonl or parquet or "")
    if jsonl is None:
        check_extra("--parquet")
        if str(path) == STANDARD_OUTPUT:
            raise UsageError("Parquet can't be written to standard output.", "Name a file.")
    check_target(path, force=force)
    if jsonl is None:
        return str(path), parquet_file(table, path, selection.count_unreadable)
    return jsonl, json_file(table, path)


def _progress(topic: str, total: int) -> AbstractContextManager[Callable[[float], None]]:
    """A progress bar on a terminal; elsewhere only the last line."""
    if total < LONG_RECORDS or not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    return progress(f"export {topic}", total, "records")
