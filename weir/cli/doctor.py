"""`weir doctor`: checks the installation, and prints problems with hints."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Annotated

import typer

from streams.compiled.form import form
from weir.cli.options import Json, with_settings
from weir.cli.output import console, print_json, say
from weir.kafka.asked import ask_workers
from weir.kafka.doctor import Finding, State, examine, remove_leftovers
from weir.settings import Settings

command = typer.Typer()
MARKS: dict[State, str] = {"well": "[green]well [/]", "note": "[yellow]note [/]", "wrong": "[red]wrong[/]"}


@command.command()
@with_settings
def doctor(
    settings: Settings,
    *,
    as_json: Json = False,
    write: Annotated[
        bool, typer.Option(help="Compare the clocks by a record in a topic made for it and removed again.")
    ] = True,
    workers: Annotated[
        list[str] | None, typer.Option("--worker", help="A worker's web server, such as http://127.0.0.1:6066; repeat.")
    ] = None,
    leftovers: Annotated[
        bool,
        typer.Option("--remove-leftovers", help="Remove groups without workers whose stages other groups run."),
    ] = False,
) -> None:
    """Check settings, broker, topics, lag and clocks, with a hint for each problem; exit code 1 if there is one."""
    is_wrong = False
    if leftovers:
        for name in remove_leftovers(settings):
            say(f"Removed the group {name}.")
    addresses = workers or list(settings.console_workers)
    for finding in itertools.chain([_look_at_form()], examine(settings, write=write), ask_workers(addresses, settings)):
        is_wrong = is_wrong or finding.state == "wrong"
        if as_json:
            print_json(dataclasses.asdict(finding))
        else:
            _print(finding)
    if is_wrong:
        raise typer.Exit(1)


def _look_at_form() -> Finding:
    """Checks whether the fold's hot modules run compiled on this machine; workers report their own form."""
    running = form()
    state: State = "note" if running.is_broken else "well"
    return Finding("form", state, f"Here the fold runs as {running}.", "`make compiled` builds it." * running.is_broken)


def _print(finding: Finding) -> None:
    from rich.markup import escape  # noqa: PLC0415 -- `--json` needs no rich

    screen = console()
    screen.print(f"{MARKS[finding.state]}  {finding.what:<9} {escape(finding.message)}")
    if finding.advice:
        screen.print(f"       {'':<9} {escape(finding.advice)}")
