"""The environment of a demo: its folder, and a Kafka cluster with the demo's own topics."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streams.demo.console_process import NAME as CONSOLE_NAME
from streams.demo.plan import FASTER, Plan
from weir.broker import DevelopmentBroker, free_port
from weir.kafka.admin import admin, wait_for_broker
from weir.settings import Settings, load

Report = Callable[[str], None]
ONE_NODE: Mapping[str, Any] = {"security_protocol": "PLAINTEXT", "replication_factor": 1}
"""Settings for the demo's own broker, which override those of the environment."""


@contextmanager
def own_folder(wanted: Path | None) -> Iterator[Path]:
    """The requested folder, or a temporary one."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.absolute()
        return
    made = Path(tempfile.mkdtemp(prefix="weir-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def own_cluster(plan: Plan, folder: Path, report: Callable[[str], None]) -> Iterator[Settings]:
    """Settings for the demo's own broker, or for topics of its own in the named cluster."""
    name = f"demo-{secrets.token_hex(3)}"
    chosen = {
        "application_id": name,
        "topic_prefix": name,
        "web_port": free_port(),
        "console_port": free_port(),
        "console_folder": folder / "console",
        "human_sources": (CONSOLE_NAME,),
        **FASTER,
        **plan.flags,
    }
    if plan.tables is not None:
        chosen["table_uri"] = str(plan.tables.absolute())
    if load(**chosen).model_key is None:
        # A key that the user sets, as by WEIR_MODEL_KEY, is kept, so that `weir models` can verify the demo's models.
        chosen["model_key"] = secrets.token_hex(32)
    if "bootstrap_servers" in plan.flags:
        settings = load(**chosen)
        report(f"Using the cluster at {settings.bootstrap_servers}; the demo's topics are deleted at the end")
        wait_for_broker(settings)
        try:
            yield settings
        finally:
            _remove_topics(settings)
        return
    report("Starting Kafka …")
    broker = DevelopmentBroker(folder / "kafka", report=report)
    try:
        broker.start()
        yield load(**{**chosen, **ONE_NODE}, bootstrap_servers=broker.bootstrap_servers)
    finally:
        broker.stop()


def _remove_topics(settings: Settings) -> None:
    client = admin(settings)
    there = client.list_topics(timeout=10).topics
    names = [name for name, _ in settings.names.all() if name in there]
    for future in client.delete_topics(names).values() if names else ():
        future.result()
