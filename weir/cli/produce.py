"""`weir produce`: files of events, or standard input, to Kafka."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from streams.intake.formats import FORMATS, BadLine, Line, check_source, read
from streams.produce.run import Produced, produce
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, progress, show
from weir.errors import UsageError
from weir.settings import Settings

command = typer.Typer()


@command.command("produce")
@with_settings
def produce_files(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files to send; - is standard input.")],
    line_format: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "events",
    end_of_input: Annotated[
        bool, typer.Option("--end-of-input", help="Say that nothing more will come: closes what is open.")
    ] = False,
    rate: Annotated[float | None, typer.Option(help="Records a second, at most.", min=0.001)] = None,
    as_json: Json = False,
) -> None:
    """Check every line and send it; what is no event goes to the dead letters with its reason.

    Formats: events (JSON lines), access-log (Apache's and nginx's combined or common log), otto and snowplow (public
    data sets, sorted by time). Files may be packed with gzip.
    """
    for name in files:
        check_source(name)
    lines = itertools.chain.from_iterable([read(line_format, name, settings.max_record_bytes) for name in files])
    started = time.monotonic()
    with progress("produce", unit="lines") as advance:
        produced = produce(
            settings,
            lines if end_of_input else _at_least_one(lines),
            end_of_input=end_of_input,
            rate=rate,
            advance=advance,
        )
    report(produced, time.monotonic() - started, as_json=as_json)


def report(produced: Produced, seconds: float, *, as_json: bool) -> None:
    """What became of the lines."""
    if as_json:
        print_json(
            {
                "lines": produced.lines,
                "events": produced.events,
                "dead_letters": dict(produced.dead_letters),
                "ended_partitions": produced.ended_partitions,
                "seconds": round(seconds, 3),
            }
        )
        return
    rows = [{"what": "lines read", "number": produced.lines}, {"what": "events sent", "number": produced.events}]
    rows += [
        {"what": f"dead letters: {reason}", "number": count} for reason, count in produced.dead_letters.most_common()
    ]
    if produced.ended_partitions:
        rows.append({"what": "partitions whose input has ended", "number": len(produced.ended_partitions)})
    show(rows, ("what", "number"))


def _at_least_one(lines: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
    empty = True
    for line in lines:
        empty = False
        yield line
    if empty:
        raise UsageError("There is not one line in the input.", "Check the file and its --format.")
