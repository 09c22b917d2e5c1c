"""Runs a process's work from its first look at the cluster to its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence

from streams.engine.logs import configure_logs
from streams.engine.plan import StagePlan
from streams.engine.process import Process
from streams.wiring import Followed
from weir.errors import WeirError
from weir.exit_bound import ExitBound
from weir.kafka.admin import wait_for_broker
from weir.kafka.topic_check import require_topics
from weir.settings import Settings

log = logging.getLogger("weir.worker")


def run_plans(
    settings: Settings,
    plans: Sequence[StagePlan],
    followed: Sequence[Followed] = (),
    announce: Callable[[], None] = lambda: None,
) -> int:
    """`run_worker` for stages that are given, and topics that they need whole.

    `announce` is called when the cluster is there, before anything is read: to write what others must find.
    """
    configure_logs(settings)
    collect_seldom()
    bound = ExitBound()
    try:
        wait_for_broker(settings, settings.recovery_timeout_s)
        require_topics(settings)
        announce()
        asyncio.run(_until_signalled(settings, plans, followed, bound))
    except WeirError as error:
        return report_error(error)
    finally:
        # The caller may go on: from here on it decides when the process ends.
        bound.cancel()
    return 0


async def _until_signalled(
    settings: Settings, plans: Sequence[StagePlan], followed: Sequence[Followed], bound: ExitBound
) -> None:
    loop = asyncio.get_running_loop()
    process = Process(settings, plans, followed)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    guard = asyncio.create_task(_bound_the_end(process, bound))
    try:
        await process.run()
    finally:
        guard.cancel()


async def _bound_the_end(process: Process, bound: ExitBound) -> None:
    """Bounds the time of a shutdown, which brokers that don't answer could block. Committed work is not affected."""
    await process.ended()
    bound.arm()


def collect_seldom() -> None:
    """Excludes the objects loaded so far from garbage collection, and collects the oldest generation seldom.

    A full collection visits all open sessions. Cycles come from connections and timers, a few a second, and may hold a
    whole response of a broker, so young objects are collected often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 100)


def report_error(error: WeirError) -> int:
    """Writes the error to standard error; returns the exit code that it means."""
    log.debug("ended by", exc_info=error)
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    return error.exit_code
