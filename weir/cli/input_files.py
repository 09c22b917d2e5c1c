"""Shared by commands that read files: options, notices about each file, and the check for unreadable input."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from streams.decode import Accepted, decode
from streams.intake.choose_format import FormatRequest
from streams.intake.files import InputFile, Inputs
from streams.intake.formats.registry import FORMATS
from streams.intake.late import LateCounter
from streams.intake.line import BadLine, Line
from weir.cli.output import progress, say
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import FastEvent
from weir.errors import UsageError, WorkError
from weir.settings import Settings

LineFormat = Annotated[
    str | None,
    typer.Option(
        "--format", help=f"One of {', '.join(FORMATS)}; by the first lines unless given.", rich_help_panel="Input"
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        metavar="STRING",
        help="The format in the server's configuration: nginx's log_format or Apache's LogFormat.",
        rich_help_panel="Input",
    ),
]
AllowUnreadable = Annotated[
    float,
    typer.Option(
        "--allow-unreadable",
        metavar="SHARE",
        min=0,
        max=1,
        help="Share of a file's lines that may be unreadable; with more the exit code is 1.",
        rich_help_panel="Input",
    ),
]
ALLOWED = 0.5
MANY_LATE = 0.05
"""Share of late events from which on a warning is printed: the whole input is probably out of order."""
MANY_FORWARDED = 0.2
SHOWN_COLUMNS = 8
_TELL_EVERY = 500
_TELL_AFTER_S = 10.0


def open_inputs(
    names: Sequence[str], line_format: str | None, log_format: str | None, settings: Settings, *, quiet: bool = False
) -> Inputs:
    """Opens the files, and prints each file's format and how well it fits to standard error.

    Raises:
        UsageError: a file can't be read, or the requested format doesn't exist.
        WorkError: a file fits no known format.
    """
    inputs = Inputs(names, FormatRequest(line_format, log_format), settings)
    for file in () if quiet else inputs.files:
        if file.copy_of is not None:
            say(f"{file.name} has the same content as {file.copy_of}: read once.")
        elif file.chosen is not None and (
            line_format != file.chosen.name or file.chosen.fitting < file.chosen.looked_at
        ):
            how = f"{file.chosen.fitting} of the first {file.chosen.looked_at} lines fit"
            format_name = "the format of --log-format" if log_format is not None else f"format {file.chosen.name}"
            say(f"{file.name}: {format_name} ({how})")
    return inputs


def at_least_one(lines: Iterator[Line | BadLine]) -> Iterator[Line | BadLine]:
    """The lines, unchanged.

    Raises:
        UsageError: there are no lines.
    """
    empty = True
    for line in lines:
        empty = False
        yield line
    if empty:
        raise UsageError("The input has no lines.", "Check the file and its --format.")


def say_problems(inputs: Inputs, events: int, late: int) -> None:
    """Prints the unreadable lines by reason, with the first of each, and the late events to standard error."""
    for file in inputs.files:
        for reason, count in file.unreadable.most_common():
            first = file.first_of[reason]
            say(f"{file.name}: {count:,} of {file.lines:,} lines: {reason}. Line {first.number}: {first.detail}")
        _say_columns(file)
    if events and late / events > MANY_LATE:
        _say_late(inputs, events, late)


def check_readable(inputs: Inputs, allowed: float) -> None:
    """Passes if enough of each file could be read.

    Raises:
        WorkError: a larger share than `allowed` of a file's lines was unreadable.
    """
    for file in inputs.files:
        if file.has_no_event and allowed < 1:
            reason = file.unreadable.most_common(1)[0][0]
            raise WorkError(
                f"None of the {file.lines:,} lines of {file.name} is an event. "
                f"Line {file.first_of[reason].number}: {file.first_of[reason].detail}",
                "Give the server's own format with --log-format, or allow it with --allow-unreadable 1.",
            )
        if file.lines and file.unreadable_share > allowed:
            reason = file.unreadable.most_common(1)[0][0]
            bad = file.unreadable.total() - file.unreadable[DeadLetterReason.NO_VISITOR]
            raise WorkError(
                f"{bad:,} of the {file.lines:,} lines of {file.name} could not be read. "
                f"Line {file.first_of[reason].number}: {file.first_of[reason].detail}",
                "Give the server's own format with --log-format, or allow it with --allow-unreadable.",
            )


def as_json(inputs: Inputs) -> list[dict[str, Any]]:
    """The report on each file."""
    return [
        {
            "file": file.name,
            "format": file.chosen.name if file.chosen else None,
            "copy_of": file.copy_of,
            "lines": file.lines,
            "unreadable": {
                reason.value: {
                    "lines": count,
                    "first": file.first_of[reason].number,
                    "detail": file.first_of[reason].detail,
                }
                for reason, count in file.unreadable.most_common()
            },
            "columns_carried": dict(file.chosen.counts.extras.most_common()) if file.chosen else {},
        }
        for file in inputs.files
    ]


def lines_of(inputs: Inputs, what: str) -> Iterator[Line]:
    """The lines that are events, with progress on standard error, even if that is not a terminal.

    Raises:
        UsageError: there are no lines.
    """
    last_s, count = time.monotonic(), 0
    with progress(what, unit="lines") as advance:
        for count, line in enumerate(at_least_one(inputs.read()), 1):
            if count % _TELL_EVERY == 0:
                advance(_TELL_EVERY)
                if time.monotonic() - last_s > _TELL_AFTER_S:
                    last_s = time.monotonic()
                    say(f"{what}: {count:,} lines so far")
            if isinstance(line, Line):
                yield line
        advance(count % _TELL_EVERY)


def events_of(inputs: Inputs, what: str) -> Iterator[FastEvent]:
    """The events of the lines that `lines_of` yields."""
    for line in lines_of(inputs, what):
        decoded = decode(line.value, len(line.value))
        if isinstance(decoded, Accepted):
            yield decoded.event


def watched(lines: Iterator[Line | BadLine], late: LateCounter) -> Iterator[Line | BadLine]:
    """The lines; each is passed to `late` first."""
    for line in lines:
        if isinstance(line, Line):
            late.see(line)
        yield line


def _say_columns(file: InputFile) -> None:
    if file.chosen is None:
        return
    counts = file.chosen.counts
    if counts.extras:
        shown = ", ".join(f"{name} ({count:,})" for name, count in counts.extras.most_common(SHOWN_COLUMNS))
        more = len(counts.extras) - SHOWN_COLUMNS
        rest = f" and {more} more" if more > 0 else ""
        say(f"{file.name}: columns that {file.chosen.name} has no name for are carried as properties: {shown}{rest}.")
    if counts.forwarded.total() > MANY_FORWARDED * max(file.lines, 1):
        address, count = counts.forwarded.most_common(1)[0]
        say(
            f"{file.name}: {counts.forwarded.total():,} lines have a forwarded address that was not accepted, "
            f"{count:,} of them from {address}. If that is a proxy of yours, add --set trusted_proxies={address}."
        )


def _say_late(inputs: Inputs, events: int, late: int) -> None:
    worst = max(inputs.files, key=lambda file: file.behind)
    if worst.behind:
        cause = (
            f"{worst.behind:,} lines of {worst.name} are far earlier than a line before them, so the file is not in "
            "order of time: sort it by time, or give its parts as separate files"
        )
    else:
        cause = "the files' lines of one visitor are far apart in time: check the servers' clocks and time zones"
    share = f"{late:,} of {events:,} events ({late / events:.0%})"
    say(f"WARNING: {share} came late and are in no session. Likely cause: {cause}.")
