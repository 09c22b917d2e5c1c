"""`weir demo`: runs broker, topics, workers and live traffic with abuse, and prints a summary at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weir.cli.options import with_flags
from weir.cli.output import console

command = typer.Typer()


@command.command()
@with_flags
def demo(  # noqa: PLR0913 -- one parameter an option
    flags: dict[str, str],
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Seconds of traffic.", show_default="until Ctrl-C")
    ] = None,
    rate: Annotated[float, typer.Option(min=1, max=5_000, help="Events a second.")] = 200.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same traffic.")] = 1,
    folder: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep Kafka's data, the logs and the truth about each visitor here."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            metavar="FOLDER",
            help="Write Delta tables to this new folder, and keep them; needs the extra `table`.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the summary to this file, as JSON.")] = None,
) -> None:
    """Run Weir on a simulated shop with shoppers, scrapers, scanners, spammers and credential stuffers.

    Starts its own Kafka, unless --bootstrap-servers is given, and removes all files at the end. The exit code is 1 if
    the worker ended or nothing was flagged. With --table, the folder gets a weir.toml, so that commands that are
    started in the folder use the running demo.
    """
    from streams.demo.plan import Plan  # noqa: PLC0415 -- --help needs no Kafka
    from streams.demo.run import require_success, run, write_json  # noqa: PLC0415 -- likewise

    summary = run(Plan(seconds, rate, seed, folder, table, flags), console())
    if json is not None:
        write_json(summary, json)
    require_success(summary)
