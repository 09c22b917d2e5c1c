"""The command `weir`: loads the requested command, and turns errors into an error message and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from weir import __version__
from weir.errors import UsageError, WeirError, WorkError
from weir.exit_bound import ExitBound

COMMANDS = {
    "demo": "Run broker, topics, workers and live traffic that contains abuse; print a summary at the end.",
    "worker": "Run some or all stages against the cluster.",
    "broker": "The development broker: real Kafka, one node, on loopback.",
    "topics": "Make the topics; compare the cluster's topics with the catalogue.",
    "produce": "Send files of events, or standard input, to Kafka.",
    "tail": "Follow a topic, readable or as JSON.",
    "show": "All records of the topics about a visitor, a session or an event.",
    "export": "Write a window of events, sessions or flags to a file, as Parquet or JSON lines.",
    "replay": "Process files of events without Kafka, with the workers' code: sessions, flags and a report.",
    "backfill": "Process ranges of the events topic once more, into separate topics.",
    "dead-letters": "List, show and replay dead letters.",
    "rules": "Write, check, explain, try, publish and watch rules.",
    "limits": "Check and list limits, and explain those of an address.",
    "business": "Check and list business rules, and show what an edit would change before it is live.",
    "console": "The web console: look at visitors and sessions, answer questions, undo.",
    "query": "Query the tables of sessions, flags and labels: read-only SQL, or a named query.",
    "features": "The features of models: inputs, unit, version and code of each.",
    "feast": "For other teams' Feast: the views of the features, and their history as Parquet.",
    "models": "List, show, promote, roll back and evaluate models.",
    "workflow": "Retrain a model from the tables as a graph of steps: run it here, or export it for a cluster.",
    "labels": "Human labels on sessions and visitors.",
    "table": "Positions of the tables; resume their stage after it stopped.",
    "doctor": "Check settings, broker, topics, lag and clocks, with a hint for each problem.",
    "settings": "All settings with their sources, secrets masked.",
}
"""Commands with their one line of help, so that `weir --help` imports none of their modules."""


class LazyGroup(TyperGroup):
    """Imports a command's module when that command is called, and no other."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 -- typer's own types are private
        """Resolves a command as Typer does (with suggestions for typing errors), then replaces its stub."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name and stub else stub, rest


def load_command(name: str) -> Any:  # noqa: ANN401 -- typer's own types are private
    """The command `name` from `weir/cli/<name>.py`, which has `app` (a group) or `command` (one command).

    Raises:
        WorkError: this build lacks the command.
    """
    module_name = f"weir.cli.{name.replace('-', '_')}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise WorkError(f"This build of Weir lacks the command {name}.", "Install a complete build.") from error
    loaded = get_group(module.app) if hasattr(module, "app") else get_command(module.command)
    loaded.name = name
    # Typer would add options for completion to each command; only `weir` itself has them.
    loaded.params = [parameter for parameter in loaded.params if not str(parameter.name).endswith("_completion")]
    return loaded


def _show_version(wanted: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if wanted:
        from streams.compiled.form import form  # noqa: PLC0415 -- only this option needs it

        typer.echo(f"weir {__version__}, {form()}")
        raise typer.Exit


def build() -> typer.Typer:
    """The whole command line, with a stub for each command."""
    app = typer.Typer(
        name="weir",
        cls=LazyGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def weir(
        *,
        _version: Annotated[
            bool, typer.Option("--version", help="Print the version and stop.", callback=_show_version, is_eager=True)
        ] = False,
    ) -> None:
        """Builds sessions from a clickstream on Kafka, and judges each in a cascade."""

    for name, summary in COMMANDS.items():
        app.command(name, help=summary)(_stub)
    return app


def _stub() -> None:
    """Stands for a command in `--help`; never called, since `LazyGroup` puts the real one in its place."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; always raises SystemExit: 0 success, 1 the work failed, 2 the call was wrong.

    Args:
        arguments: arguments of a caller that continues; None: the process's arguments, and then a bound on its end.
    """
    _replace_closed_streams()
    try:
        get_command(build()).main(args=arguments, prog_name="weir")
    except WeirError as error:
        _fail(error)
    except Exception as error:
        known = _as_weir_error(error)
        if known is None:
            raise
        _fail(known)
    finally:
        if arguments is None:
            # The process ends now, and threads that still wait for a broker must not keep it alive.
            ExitBound().arm()


def _replace_closed_streams() -> None:
    """Replaces standard streams that the caller closed by the null device."""
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 -- open until the end
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- likewise
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- likewise


def _fail(error: WeirError) -> None:
    typer.echo(f"weir: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  {error.hint}", err=True)
    sys.exit(error.exit_code)


def _as_weir_error(error: Exception) -> WeirError | None:
    """The error of the system or the cluster as an error of Weir; None for a defect."""
    if isinstance(error, IsADirectoryError):
        return UsageError(f"{error.filename} is a directory.", "Name a file, or - for standard input.")
    if isinstance(error, FileNotFoundError):
        return UsageError(f"There is no file {error.filename}.", "Check the path.")
    if isinstance(error, PermissionError):
        return WorkError(f"No permission for {error.filename}.", "Check its owner and access rights.")
    if isinstance(error, OSError) and error.strerror:
        where = f" at {error.filename}" if error.filename else ""
        return WorkError(
            f"The system refused{where}: {error.strerror}.", "Check disk, limits and network, then try again."
        )
    # Looked up, not imported, since the import takes long: without it no error can be the client's.
    client = sys.modules.get("confluent_kafka")
    if client is not None and isinstance(error, client.KafkaException):
        reason = error.args[0].str() if hasattr(error.args[0], "str") else str(error)
        return WorkError(f"Kafka refused: {reason}.", "`weir doctor` checks the cluster.")
    return None


if __name__ == "__main__":
    main()
