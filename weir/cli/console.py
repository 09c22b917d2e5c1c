"""`weir console`: the web console, and who may log in to it."""

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

app = typer.Typer(help="The web console, and who may log in to it.")
users = typer.Typer(no_args_is_help=True, help="Who may log in.")
app.add_typer(users, name="user")
Role = Literal["read", "review", "operate"]


@app.callback(invoke_without_command=True)
@with_flags
def run_console(  # noqa: PLR0913 -- one parameter an option
    flags: dict[str, Any],
    *,
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen; this machine alone unless set.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Its port; 6067 unless set.")] = None,
    workers: Annotated[
        list[str] | None, typer.Option("--worker", help="A worker's web server, such as http://127.0.0.1:6066.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="As whom you act where nobody logs in.")] = None,
) -> None:
    """Serve the console: pages for moderators, analysts, producers and operators.

    On this machine alone, unless users or a proxy say who may come in. Its store is made from the topics.
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
    name: Annotated[str, typer.Argument(help="As they log in; also the source of their labels.")],
    role: Annotated[
        Role, typer.Option("--role", help="What they may do: read, review (and read), operate (all).")
    ] = "review",
) -> None:
    """Add somebody, or give them another role and password; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    file = _file(settings)
    file.add(name, role, password)
    say(f"{name} may {role}, by {file.path}.")
    if name not in settings.human_sources:
        say(f"For {name}'s answers to decide, and not only to teach, add {name} to human_sources of the workers.")


@users.command("list")
@with_settings
def list_users(settings: Settings, *, as_json: Json = False) -> None:
    """Who may log in."""
    rows = [{"name": user.name, "role": user.role} for user in _file(settings).users().values()]
    show(rows, ("name", "role"), as_json=as_json, empty="Nobody: `weir console user add` adds somebody.")


@users.command("remove")
@with_settings
def remove_user(settings: Settings, *, name: Annotated[str, typer.Argument(help="Whom.")]) -> None:
    """Remove somebody; the next request of theirs is refused."""
    _file(settings).remove(name)
    say(f"{name} can't log in any more.")


def _file(settings: Settings) -> Any:  # noqa: ANN401 -- imported late: --help needs no Argon2
    from weir.console.access.users import UserFile  # noqa: PLC0415 -- likewise

    path: Path | None = settings.console_users_file
    if path is None:
        raise SettingsError(
            "There is no file of users.", "Set WEIR_CONSOLE_USERS_FILE, or --set console_users_file=PATH."
        )
    return UserFile(path)
