"""`weir broker`: starts and stops the development broker, and shows its status."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from weir.broker import HOST, DevelopmentBroker, Profile
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, say
from weir.errors import UsageError
from weir.jars import KAFKA_VERSION
from weir.settings import Settings

FOLDER = Path(".weir/broker")

app = typer.Typer(no_args_is_help=True, help="The development broker: real Kafka, one node, on loopback.")

Folder = Annotated[Path, typer.Option("--folder", help="The broker's folder for data, log and process id.")]


@app.command()
@with_settings
def start(
    settings: Settings,
    *,
    folder: Folder = FOLDER,
    port: Annotated[
        int | None,
        typer.Option(help="The port; that in bootstrap_servers unless given; 0: any free port.", min=0, max=65535),
    ] = None,
    profile: Annotated[Profile, typer.Option(help="dev is small, load is for measurements.")] = "dev",
) -> None:
    """Start the broker in the background, with the data of an earlier run."""
    broker = DevelopmentBroker(folder, own_port(settings) if port is None else port, profile, report=say)
    if broker.is_running():
        typer.echo(f"The development broker runs already at {broker.bootstrap_servers}.")
        return
    say(f"Starting Apache Kafka {KAFKA_VERSION} in {broker.folder}")
    started = time.monotonic()
    broker.start()
    typer.echo(
        f"Apache Kafka {KAFKA_VERSION} answers at {broker.bootstrap_servers} ({time.monotonic() - started:.1f} s)."
    )
    if broker.bootstrap_servers != settings.bootstrap_servers:
        typer.echo(f"For the other commands: export WEIR_BOOTSTRAP_SERVERS={broker.bootstrap_servers}")


@app.command()
def stop(*, folder: Folder = FOLDER) -> None:
    """Stop the broker that was started in this folder; its data stay."""
    stopped = DevelopmentBroker(folder).stop()
    typer.echo("The development broker has stopped." if stopped else "No development broker ran here.")


@app.command()
def status(*, folder: Folder = FOLDER, as_json: Json = False) -> None:
    """Show address, process and memory of the broker; exit code 1 if it does not run."""
    broker = DevelopmentBroker(folder)
    process = broker.process.find()
    if process is None:
        if as_json:
            print_json({"running": False, "folder": str(broker.folder)})
        else:
            typer.echo(f"No development broker runs in {broker.folder}; `weir broker start` starts one.")
        raise typer.Exit(1)
    facts = {
        "running": True,
        "bootstrap_servers": broker.bootstrap_servers,
        "pid": process.pid,
        "up_s": round(time.time() - process.create_time()),
        "memory_mb": round(process.memory_info().rss / 1e6),
        "folder": str(broker.folder),
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo(
            f"Apache Kafka {KAFKA_VERSION} runs at {facts['bootstrap_servers']}: process {facts['pid']}, "
            f"up {facts['up_s']} s, {facts['memory_mb']} MB, in {facts['folder']}."
        )


def own_port(settings: Settings) -> int:
    """The port on this machine to which the other commands connect.

    Raises:
        UsageError: the settings name another machine, or several brokers.
    """
    host, _, port = settings.bootstrap_servers.rpartition(":")
    if host not in {HOST, "localhost"} or not port.isdigit():
        raise UsageError(
            f"bootstrap_servers is {settings.bootstrap_servers}, which is not one port of {HOST}.",
            "Unset it to start a development broker here, or give --port.",
        )
    return int(port)
