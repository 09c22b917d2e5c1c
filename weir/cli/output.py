"""Output of commands: tables for people, JSON lines for programs, progress on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, object]
Advance = Callable[[float], None]


def console(*, error: bool = False) -> Console:
    """A console on the present standard output or error; lines are cut only on a terminal."""
    from rich.console import Console  # noqa: PLC0415 -- `--json` needs no rich

    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 200, highlight=False)


def say(text: str) -> None:
    """Prints one line to standard error."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()


def print_json(row: object) -> None:
    """Prints one JSON object on one line of standard output."""
    sys.stdout.write(msgspec.json.encode(row, enc_hook=str).decode() + "\n")


def show(
    rows: Iterable[Row], columns: Sequence[str], *, as_json: bool = False, title: str = "", empty: str = ""
) -> None:
    """Prints rows as a table, or as JSON lines; `empty` is printed instead of a table without rows.

    `columns` are keys of the rows, in order. The table shows only these columns, JSON all keys of a row.
    """
    if as_json:
        for row in rows:
            print_json(row)
        return
    from rich.table import Table  # noqa: PLC0415 -- `--json` needs no rich

    table = Table(*columns, title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    if table.row_count or not empty:
        console().print(table)
    else:
        console().print(empty)


def cell(value: object) -> str:
    """A value as text for a table, with rich's markup escaped."""
    from rich.markup import escape  # noqa: PLC0415 -- `--json` needs no rich

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    return escape(printable(str(value)))


def printable(text: str) -> str:
    """The text with control characters escaped, since a terminal would execute those in a visitor's text."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text
    )


def clock_time(seconds: float) -> str:
    """Epoch seconds as UTC time to the second, with a mark of the zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@contextmanager
def progress(what: str, total: float | None = None, unit: str = "events") -> Iterator[Advance]:
    """Shows a bar on standard error while the block runs; call the yielded function with the number of new units.

    If standard error is not a terminal, there is no bar, but one line at the end with number and rate.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 -- see above

    of = "" if total is None else f" of {total:,.0f}"
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:,.0f}}{of} {unit}"),
        TimeElapsedColumn(),
        console=console(error=True),
        disable=not sys.stderr.isatty(),
    )
    started = time.monotonic()
    done = 0.0
    with bar:
        task = bar.add_task(what, total=total)

        def advance(by: float) -> None:
            nonlocal done
            done += by
            bar.advance(task, by)

        yield advance
    elapsed = max(time.monotonic() - started, 1e-6)
    if bar.disable:
        at = "" if done == total else of
        say(f"{what}: {done:,.0f}{at} {unit} in {elapsed:.1f} s ({done / elapsed:,.0f} {unit}/s)")
