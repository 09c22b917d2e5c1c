"""`weir settings`: all settings, their values and where each comes from."""

from __future__ import annotations

import typer

from weir.cli.options import Json, with_flags
from weir.cli.output import say, show
from weir.settings import Settings, load, plain, sources, stray_environment

command = typer.Typer()


@command.command()
@with_flags
def settings(flags: dict[str, str], *, as_json: Json = False) -> None:
    """All settings and where each comes from, secrets masked.

    A flag goes before the environment (WEIR_ and the name in capitals), that before the file weir.toml here, and
    that before the default. Several values stand between commas.
    """
    settings_in_force = load(**flags)
    origin = sources(flags)
    show(
        (
            {
                "setting": name,
                "value": value if as_json else plain(value),
                "source": origin[name],
                "meaning": Settings.model_fields[name].description,
            }
            for name, value in settings_in_force.model_dump(mode="json").items()
        ),
        ("setting", "value", "source", "meaning"),
        as_json=as_json,
    )
    for name in stray_environment():
        say(f"{name} names no setting.")
