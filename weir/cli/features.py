"""`weir features`: the features that models see, as their registry declares them."""

from __future__ import annotations

import typer

from models.features.registry import FEATURES
from weir.cli.feast_views import described
from weir.cli.options import Json
from weir.cli.output import show

app = typer.Typer(no_args_is_help=True, help="The features of models.")
_COLUMNS = ("name", "type", "unit", "version", "code", "inputs")


@app.callback()
def group() -> None:
    """The features of models."""


@app.command("list")
def list_features(*, as_json: Json = False) -> None:
    """List every feature: type, unit, version, code (module:function), and the session's fields that the code reads."""
    rows = (described(feature) for feature in FEATURES)
    if as_json:
        show(rows, _COLUMNS, as_json=True)
    else:
        show((row | {"inputs": ", ".join(row["inputs"])} for row in rows), _COLUMNS)
