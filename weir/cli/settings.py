"""`weir settings`: prints all settings, with their values and sources."""

from __future__ import annotations

import typer

from weir.cli.options import Json, with_flags
from weir.cli.output import say, show
from weir.settings import Settings, load, plain, sources, stray_environment

command = typer.Typer()


@command.command()
@with_flags
def settings(flags: dict[str, str], *, as_json: Json = False) -> None:
    """Print all settings with their sources; secrets are masked.

    A flag overrides the environment (WEIR_ and the name in capitals), the environment overrides the file weir.toml in
    this folder, and the file overrides the default. Several values are separated by commas.
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
        say(f"{name} is not the name of a setting.")
