"""`weir produce`: sends files of events, or standard input, to Kafka."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from streams.intake.files import Inputs
from streams.intake.late import LateCounter
from streams.produce.run import Produced, produce
from weir.cli.input_files import (
    ALLOWED,
    AllowUnreadable,
    LineFormat,
    LogFormat,
    at_least_one,
    check_readable,
    open_inputs,
    say_problems,
    watched,
)
from weir.cli.input_files import as_json as inputs_as_json
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, progress, show
from weir.settings import Settings

command = typer.Typer()


@command.command("produce")
@with_settings
def produce_files(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files to send; - is standard input.")],
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    end_of_input: Annotated[
        bool, typer.Option("--end-of-input", help="Mark the end of the input, which closes the open sessions.")
    ] = False,
    rate: Annotated[float | None, typer.Option(help="Records a second, at most.", min=0.001)] = None,
    as_json: Json = False,
) -> None:
    """Check every line and send it; a line that is not a valid event becomes a dead letter with its reason.

    Files may be packed with gzip, bzip2, xz or zstd, and given in any order: events are sent in the order of time.
    """
    inputs = open_inputs(files, line_format, log_format, settings, quiet=as_json)
    late = LateCounter(settings.partitions, settings.gap_s, settings.grace_s)
    lines = watched(inputs.read(), late)
    started = time.monotonic()
    with progress("produce", unit="lines") as advance:
        produced = produce(
            settings,
            lines if end_of_input else at_least_one(lines),
            end_of_input=end_of_input,
            rate=rate,
            advance=advance,
        )
    report(produced, inputs, late.late, time.monotonic() - started, as_json=as_json)
    if not as_json:
        say_problems(inputs, late.events, late.late)
    check_readable(inputs, allow_unreadable)


def report(produced: Produced, inputs: Inputs, late: int, seconds: float, *, as_json: bool) -> None:
    """Prints the outcome of the lines."""
    if as_json:
        print_json(
            {
                "lines": produced.lines,
                "events": produced.events,
                "dead_letters": dict(produced.dead_letters),
                "too_late": late,
                "inputs": inputs_as_json(inputs),
                "watermarks": produced.watermarks,
                "ended_partitions": produced.ended_partitions,
                "seconds": round(seconds, 3),
            }
        )
        return
    rows = [{"what": "lines read", "number": produced.lines}, {"what": "events sent", "number": produced.events}]
    rows += [
        {"what": f"dead letters: {reason}", "number": count} for reason, count in produced.dead_letters.most_common()
    ]
    if late:
        rows.append({"what": "events too late for their session", "number": late})
    if produced.watermarks:
        rows.append({"what": "watermark records", "number": produced.watermarks})
    if produced.ended_partitions:
        rows.append({"what": "partitions whose input has ended", "number": len(produced.ended_partitions)})
    show(rows, ("what", "number"))
