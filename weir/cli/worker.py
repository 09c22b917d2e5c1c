"""`weir worker`: runs some or all stages, until a signal ends it."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.worker import run_worker
from weir.cli.options import with_settings
from weir.settings import Settings
from weir.topics import STAGES

command = typer.Typer()


@command.command()
@with_settings
def worker(
    settings: Settings,
    *,
    stages: Annotated[str, typer.Option(help="The stages to run, as stage,stage.")] = ",".join(STAGES),
    web_port: Annotated[int | None, typer.Option(help="Port of /metrics, /ready and /live; 0: any free port.")] = None,
) -> None:
    """Run stages as a member of a consumer group; more workers share the partitions."""
    if web_port is not None:
        settings = settings.model_copy(update={"web_port": web_port})
    names = [name.strip() for name in stages.split(",") if name.strip()]
    raise typer.Exit(run_worker(settings, names))
