"""`weir topics`: makes the catalogue's topics, and compares the cluster's topics with the catalogue."""

from __future__ import annotations

import typer

from weir.cli.options import Json, with_settings
from weir.cli.output import show
from weir.kafka.admin import create_topics
from weir.kafka.topic_check import check_topics
from weir.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Make the topics; compare the cluster's topics with the catalogue.")


@app.command()
@with_settings
def create(settings: Settings) -> None:
    """Make the topics that are missing; safe to call again."""
    made = create_topics(settings)
    total = sum(1 for _ in settings.names.all())
    for name in made:
        typer.echo(f"made {name}")
    typer.echo(f"{len(made)} topics made, {total - len(made)} existed already.")


@app.command()
@with_settings
def check(settings: Settings, *, as_json: Json = False) -> None:
    """Compare the cluster's topics with the catalogue; exit code 1 if they differ."""
    differences = check_topics(settings)
    rows = [
        {
            "topic": difference.topic,
            "what": difference.what,
            "is": difference.is_,
            "should be": difference.should_be,
            "stops workers": difference.fatal,
            "what to do": difference.advice,
        }
        for difference in differences
    ]
    total = sum(1 for _ in settings.names.all())
    show(
        rows,
        ("topic", "what", "is", "should be", "stops workers", "what to do"),
        as_json=as_json,
        empty=f"All {total} topics are as the catalogue declares.",
    )
    if differences:
        raise typer.Exit(1)
