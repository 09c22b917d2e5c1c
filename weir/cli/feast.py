"""`weir feast`: what a Feast feature store of another team needs of Weir."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from models.features.registry import FEATURES
from weir.cli.feast_views import views
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, say
from weir.errors import UsageError
from weir.settings import Settings
from weir.tables.extra import check_extra

app = typer.Typer(no_args_is_help=True, help="What other teams' Feast needs: the features' views and their history.")


@app.callback()
def group() -> None:
    """What other teams' Feast needs: the features' views and their history."""


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
        str | None, typer.Option("--table", metavar="URI", help="Folder or object store; the setting table_uri else.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the features of all scores in the table to one Parquet file, a column for each feature."""
    root = table or settings.table_uri
    if not root:
        raise UsageError("Where are the tables?", "Name their folder or store by --table or the setting table_uri.")
    check_extra("weir feast history")
    from weir.tables.flat import write_flat_scores  # noqa: PLC0415 -- needs the extra

    numbers = [feature.name for feature in FEATURES if feature.kind == "number"]
    texts = [feature.name for feature in FEATURES if feature.kind != "number"]
    rows = write_flat_scores(root, out, numbers, texts)
    if as_json:
        print_json({"file": str(out), "rows": rows})
    else:
        say(f"{rows:,} rows written to {out}.")
