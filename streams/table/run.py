"""The stage's process: web server, signals, and the thread of the work."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from streams.engine.exposition import Exposition
from streams.engine.logs import configure_logs
from streams.engine.runner import collect_seldom, report_error
from streams.engine.web import WebServer
from streams.table.stage import TableStage
from weir.errors import SettingsError, WeirError, WorkError
from weir.exit_bound import ExitBound
from weir.kafka.admin import wait_for_broker
from weir.kafka.consumer import consumer_of_group
from weir.kafka.groups import group_name
from weir.kafka.observer import Observer
from weir.kafka.topic_check import require_topics
from weir.settings import Settings
from weir.topics import TABLE_STAGE

log = logging.getLogger("weir.table")


class TableProcess:
    """One worker of the stage, with its status for the web server and its shutdown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._exposition = Exposition()
        observer = Observer(settings)

        def topic_ids(topics: Sequence[str]) -> dict[str, str]:
            return dict(observer.topic_ids(topics))

        consumer = consumer_of_group(settings, group_name(settings.application_id, [TABLE_STAGE]))
        self._stage = TableStage(settings, consumer, topic_ids, self._exposition)
        self._stop = threading.Event()
        self._has_failed = False

    @property
    def is_ready(self) -> bool:
        """Whether the positions of the assigned partitions are known and the store responds."""
        return self._stage.is_ready and not self._stop.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether the stage has not failed; an unreachable store is no failure, as the stage retries."""
        return not self._has_failed

    def status(self) -> Mapping[str, Any]:
        """Application, stage, readiness and waiting rows."""
        return {
            "application": self._settings.application_id,
            "stages": [TABLE_STAGE],
            "ready": self.is_ready,
            "live": self.is_alive,
            "table_uri": self._settings.table_uri,
            "waiting": self._stage.waiting,
        }

    def metrics(self) -> bytes:
        """The metrics in Prometheus' text format."""
        self._exposition.set(float(self.is_ready), "ready")
        return self._exposition.text()

    def stop(self) -> None:
        """Ends the work after a commit of the waiting rows."""
        self._stop.set()

    async def run(self, bound: ExitBound) -> None:
        """Works until `stop`.

        Raises:
            WeirError: The work failed.
        """
        server = WebServer(self._settings, self)
        log.info("metrics and probes at %s", await server.start())
        work = asyncio.create_task(asyncio.to_thread(self._work))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=0.2)
                if self._stop.is_set():
                    bound.arm()
            await work
        finally:
            await server.stop()

    def _work(self) -> None:
        try:
            self._stage.run(self._stop)
        except WeirError:
            self._has_failed = True
            raise
        except Exception as error:
            self._has_failed = True
            log.exception("unexpected error")
            raise WorkError(
                f"The stage table failed with an unexpected error: {error!r}.", "Report this as a defect."
            ) from error


def run_table(settings: Settings) -> int:
    """Runs the stage in this process until SIGTERM, SIGINT or an error; returns the exit code, as `run_worker` does."""
    configure_logs(settings)
    collect_seldom()
    bound = ExitBound()
    try:
        if settings.table_uri is None:
            raise SettingsError(
                "The stage table has no location for its tables: `table_uri` is not set.",
                "Set WEIR_TABLE_URI (or `table_uri`) to a folder or an object store, the same for all its workers.",
            )
        wait_for_broker(settings, settings.recovery_timeout_s)
        require_topics(settings)
        asyncio.run(_until_signalled(settings, bound))
    except WeirError as error:
        return report_error(error)
    finally:
        bound.cancel()
    return 0


async def _until_signalled(settings: Settings, bound: ExitBound) -> None:
    process = TableProcess(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run(bound)
