"""Runs a console, its followers and its web server, until it is stopped."""

from __future__ import annotations

import contextlib
import getpass
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import uvicorn

from weir.console.access.door import Door
from weir.console.access.tickets import Tickets, secret_in
from weir.console.acting import ActionWriter
from weir.console.app import make_app
from weir.console.context import Console
from weir.console.installation import Installation
from weir.console.store.bounds import StoreBounds
from weir.console.store.follow import StoreFollower
from weir.console.store.reading import StoreReader
from weir.console.workers import WorkerWatch
from weir.errors import UsageError
from weir.settings import Settings

log = logging.getLogger("weir.console")
Say = Callable[[str], None]


def run(settings: Settings, say: Say, name: str | None = None) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Args:
        settings: the settings in force.
        say: takes a line for the person who started it.
        name: name under which people on this machine act if there are no users; the machine's user unless given.

    Raises:
        WeirError: it can't start.
    """
    with console(settings, name or _user()) as made, contextlib.closing(_listen(settings)) as own:
        host, port = own.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"Console at {address}")
        if made.door.is_open:
            say("There are no users: everybody on this machine may read and review.")
            say(f"To operate, once: {address}/enter/{made.door.tickets.new_link()}")
        config = uvicorn.Config(
            make_app(made),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            lifespan="off",
        )
        uvicorn.Server(config).run(sockets=[own])


@contextlib.contextmanager
def console(settings: Settings, name: str) -> Iterator[Console]:
    """A console whose followers run while the block does.

    Raises:
        WeirError: a setting is not valid.
    """
    folder = settings.console_folder
    door = Door.of(settings, Tickets(secret_in(folder)), name)
    bounds = StoreBounds(settings.console_days, settings.console_bytes, settings.console_newest_events)
    with ExitStack() as stack:
        installation = stack.enter_context(Installation(settings))
        follower = stack.enter_context(StoreFollower(settings, folder, bounds))
        workers = stack.enter_context(WorkerWatch(settings.console_workers))
        store = StoreReader(folder)
        instance = re.sub(r"[^A-Za-z0-9._-]", "-", f"{socket.gethostname()}.{settings.console_port}")
        writer = ActionWriter(settings, store, follower.positions, instance)
        stack.callback(writer.close)
        yield Console(settings, door, store, follower, installation, writer, workers)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.console_host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.console_host, settings.console_port))
        # Listens before the server runs, so that a browser that opens the printed address at once is not refused.
        made.listen(128)
    except OSError as error:
        made.close()
        raise UsageError(
            f"The console can't listen on {settings.console_host}:{settings.console_port}: {error.strerror}.",
            "Give it another port with --port or WEIR_CONSOLE_PORT.",
        ) from error
    return made


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "local"
