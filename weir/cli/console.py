"""`weir console`: the web console and its users."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from weir.cli.options import Json, with_flags, with_settings
from weir.cli.output import say, show
from weir.errors import SettingsError, WorkError
from weir.settings import Settings, load

app = typer.Typer(help="The web console and its users.")
users = typer.Typer(no_args_is_help=True, help="Users of the console.")
app.add_typer(users, name="user")
Role = Literal["read", "review", "operate"]


@app.callback(invoke_without_command=True)
@with_flags
def run_console(  # noqa: PLR0913 -- one parameter an option
    flags: dict[str, Any],
    *,
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; loopback unless set.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 6067 unless set.")] = None,
    workers: Annotated[
        list[str] | None, typer.Option("--worker", help="A worker's web server, such as http://127.0.0.1:6066.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Your name, if the console has no users.")] = None,
) -> None:
    """Serve the console: pages for moderators, analysts, producers and operators.

    Without users or an authenticating proxy it listens only on this machine. Its store is derived from the topics.
    """
    if context.invoked_subcommand is not None:
        return
    given = {"console_host": host, "console_port": port, "console_workers": ",".join(workers or ()) or None}
    settings = load(**flags, **{key: value for key, value in given.items() if value is not None})
    if importlib.util.find_spec("starlette") is None:
        raise WorkError("The console's packages are not installed.", "Install them: pip install 'weir[console]'.")
    from weir.console.server import run  # noqa: PLC0415 -- `weir console user` needs no web server

    run(settings, say, name)


@users.command("add")
@with_settings
def add_user(
    settings: Settings,
    *,
    name: Annotated[str, typer.Argument(help="The user's name at log-in; also the source of their labels.")],
    role: Annotated[
        Role, typer.Option("--role", help="The user's permissions: read, review (and read), operate (all).")
    ] = "review",
) -> None:
    """Add a user, or change role and password; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    file = _file(settings)
    file.add(name, role, password)
    say(f"{name} may {role}, by {file.path}.")
    if name not in settings.human_sources:
        say(f"{name}'s labels train models. If they should also decide, add {name} to the workers' human_sources.")


@users.command("list")
@with_settings
def list_users(settings: Settings, *, as_json: Json = False) -> None:
    """List users and their roles."""
    rows = [{"name": user.name, "role": user.role} for user in _file(settings).users().values()]
    show(rows, ("name", "role"), as_json=as_json, empty="There are no users: `weir console user add` adds one.")


@users.command("remove")
@with_settings
def remove_user(settings: Settings, *, name: Annotated[str, typer.Argument(help="The user's name.")]) -> None:
    """Remove a user; the user's next request is refused."""
    _file(settings).remove(name)
    say(f"{name} can't log in any more.")


def _file(settings: Settings) -> Any:  # noqa: ANN401 -- imported late: --help needs no Argon2
    from weir.console.access.users import UserFile  # noqa: PLC0415 -- likewise

    path: Path | None = settings.console_users_file
    if path is None:
        raise SettingsError(
            "console_users_file is not set.", "Set WEIR_CONSOLE_USERS_FILE, or --set console_users_file=PATH."
        )
    return UserFile(path)
