"""`weir table`: shows the tables' positions, and resumes their stage after it stopped."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Annotated

import typer

from weir.cli.options import with_settings
from weir.settings import Settings
from weir.tables.extra import check_extra

app = typer.Typer(no_args_is_help=True, help="Positions of the tables; resume their stage after it stopped.")


@app.command()
@with_settings
def status(
    settings: Settings, *, as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False
) -> None:
    """Show each table's position and lag in each partition of its topic."""
    positions = _loaded().table_positions
    if not as_json:
        typer.echo(f"{'table':<12} {'partition':>9} {'position':>12} {'topic':>25} {'lag':>10}")
    for one in positions(settings):
        if as_json:
            row = {"table": one.table, "partition": one.partition, "position": one.position}
            typer.echo(json.dumps(row | {"begin": one.log.start, "end": one.log.end, "lag": one.lag}))
        else:
            position = "-" if one.position is None else f"{one.position:,}"
            log = f"{one.log.start:,} to {one.log.end:,}"
            typer.echo(f"{one.table:<12} {one.partition:>9} {position:>12} {log:>25} {one.lag:>10,}")


@app.command()
@with_settings
def accept(settings: Settings, *, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """Resume the stage after it stopped: accept changes by other programs, and the loss of records.

    Stop the stage's workers first.
    """
    accept_tables = _loaded().accept
    if not yes:
        typer.confirm("Continue with the tables as they are? Records that the topics lost stay missing.", abort=True)
    moved = accept_tables(settings)
    for one in moved:
        before = "nothing" if one.position is None else f"{one.position:,}"
        typer.echo(f"{one.table}, partition {one.partition}: continues at {one.accepted:,} (was {before})")
    typer.echo("Start the stage: weir worker --stages table")


def _loaded() -> ModuleType:
    check_extra("The table command")
    from streams.table import accept as loaded  # noqa: PLC0415 -- needs what only the extra brings

    return loaded
