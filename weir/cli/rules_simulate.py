"""`weir rules simulate`: what other packs would have said of yesterday's events."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rules.heuristics.simulate import Simulation
from weir.cli.options import Json, with_settings
from weir.cli.output import console, print_json, show
from weir.cli.rules_files import SHOWN, LineFormat, events_of, patterns_of
from weir.settings import Settings


@with_settings
def simulate(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Events, such as yesterday's log.")],
    pack: Annotated[list[Path], typer.Option("--pack", "--packs", help="The pack to try; repeat for more.")],
    line_format: LineFormat = "events",
    at_most: Annotated[int, typer.Option("--max", min=1, help="Show so many visitors.")] = 20,
    as_json: Json = False,
) -> None:
    """Say whose verdict another pack would have changed, against today's packs."""
    work = Simulation(patterns_of(settings), patterns_of(settings, pack))
    for event in events_of(line_format, files, settings, "simulate"):
        work.take(event)
    changes = list(work.changes())
    rows = [{**asdict(change), "sample": change.samples[0][:SHOWN] if change.samples else ""} for change in changes]
    if as_json:
        for row in rows:
            print_json(row)
        return
    newly = sum(change.before == "allow" for change in changes)
    no_longer = sum(change.after == "allow" for change in changes)
    show(rows[:at_most], ("visitor_id", "before", "after", "patterns", "sample"), empty="No verdict would change.")
    console().print(
        f"{work.events:,} events: {newly:,} visitors newly flagged, {no_longer:,} no longer, "
        f"{len(changes) - newly - no_longer:,} otherwise."
    )
