"""`weir feast`: views, history and online store for a Feast feature store of another team."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from models.features.registry import FEATURES
from weir.cli.feast_views import views
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, say
from weir.errors import UsageError
from weir.settings import Settings
from weir.tables.extra import check_extra
from weir.topics import SCORES

app = typer.Typer(
    no_args_is_help=True, help="For other teams' Feast: the features' views, their history, the online store."
)
ROOT = Path(__file__).parents[2]
REPO = ROOT / "deploy" / "feast"
PYTHON = ROOT / ".venv-feast" / "bin" / "python"


@app.callback()
def group() -> None:
    """For other teams' Feast: the features' views, their history, the online store."""


@app.command("views")
def print_views(out: Annotated[Path | None, typer.Option(help="Write this file instead.")] = None) -> None:
    """Print entities, views and features as the registry declares them, as JSON."""
    if out is None:
        sys.stdout.write(views())
    else:
        out.write_text(views(), encoding="utf-8")


@app.command("history")
@with_settings
def history(
    settings: Settings,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The Parquet file; an older one is replaced.")],
    table: Annotated[
        str | None, typer.Option("--table", metavar="URI", help="Folder or object store; table_uri unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the features of all scores in the table to one Parquet file, a column for each feature."""
    root = table or settings.table_uri
    if not root:
        raise UsageError("The tables' folder or store is not set.", "Name it by --table or the setting table_uri.")
    check_extra("weir feast history")
    from weir.tables.flat import write_flat_scores  # noqa: PLC0415 -- needs the extra

    numbers = [feature.name for feature in FEATURES if feature.kind == "number"]
    texts = [feature.name for feature in FEATURES if feature.kind != "number"]
    rows = write_flat_scores(root, out, numbers, texts)
    if as_json:
        print_json({"file": str(out), "rows": rows})
    else:
        say(f"{rows:,} rows written to {out}.")


@app.command("push")
@with_settings
def push(
    settings: Settings,
    *,
    once: Annotated[bool, typer.Option("--once", help="End when every partition was read to its end.")] = False,
    group: Annotated[
        str | None, typer.Option(help="Consumer group.", show_default="the application id and -feast")
    ] = None,
    repo: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="The applied repository, with push.py in it.", show_default="deploy/feast"),
    ] = REPO,
    python: Annotated[
        Path, typer.Option(metavar="FILE", help="Interpreter that has Feast.", show_default=".venv-feast/bin/python")
    ] = PYTHON,
) -> None:
    """Keep Feast's online store up to date with the scores, until a signal ends it.

    Feast needs older libraries than Weir. Therefore this command replaces itself by the Python of Feast's environment,
    which runs push.py of the repository with Weir's settings of the cluster.
    """
    for path, what in ((repo / "push.py", "--repo"), (repo / "feature_store.yaml", "--repo"), (python, "--python")):
        if not path.exists():
            raise UsageError(
                f"There is no {path}.", f"`make feast` makes Feast's environment; {what} names another place."
            )
    options = settings.client_options()
    command = [
        str(python), str(repo / "push.py"),
        "--repo", str(repo),
        "--bootstrap-servers", settings.bootstrap_servers,
        "--topic", settings.names.public(SCORES),
        "--group", group or f"{settings.application_id}-feast",
        "--properties", _handed_down(options),
        *(["--once"] if once else []),
    ]  # fmt: skip
    os.execv(python, command)  # noqa: S606 -- the interpreter that was named


def _handed_down(options: dict[str, Any]) -> str:
    """A path from which the next program reads the options, so that no password is on disk or on a command line."""
    text = "".join(f"{name}={value}\n" for name, value in options.items())
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        pipe.write(text)
    return f"/dev/fd/{reading}"
