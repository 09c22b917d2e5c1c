"""Runs a process's work from its first look at the cluster to its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from streams.engine.logs import configure_logs
from streams.engine.plan import StagePlan
from streams.engine.process import Following, Process
from weir.cluster import require_topics, wait_for_broker
from weir.errors import WeirError
from weir.settings import Settings

EXIT_BOUND_S = 60.0
"""A process that has not ended so long after its signal or error is ended hard."""

log = logging.getLogger("weir.worker")


def run_plans(
    settings: Settings,
    plans: Sequence[StagePlan],
    following: Sequence[Following] = (),
    announce: Callable[[], None] = lambda: None,
) -> int:
    """`run_worker` for stages that are given, and topics that they need whole.

    `announce` is called when the cluster is there, before anything is read: to write what others must find.
    """
    configure_logs(settings)
    _collect_seldom()
    try:
        wait_for_broker(settings, settings.recovery_timeout_s)
        require_topics(settings)
        announce()
        asyncio.run(_until_signalled(settings, plans, following))
    except WeirError as error:
        return told(error)
    return 0


async def _until_signalled(settings: Settings, plans: Sequence[StagePlan], following: Sequence[Following]) -> None:
    loop = asyncio.get_running_loop()
    process = Process(settings, plans, following)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    guard = asyncio.create_task(_bound_the_end(process))
    try:
        await process.run()
    finally:
        guard.cancel()


async def _bound_the_end(process: Process) -> None:
    """A shutdown may hang on brokers that don't answer, and threads with it: what is durable is durable already."""
    await process.ended()
    timer = threading.Timer(EXIT_BOUND_S, _exit_hard)
    timer.daemon = True
    timer.start()


def _collect_seldom() -> None:
    """What is loaded now stays; what is young is searched often, all open sessions seldom.

    Cycles come from connections and timers, a few a second, and may hold a whole answer of a broker.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 100)


def _exit_hard() -> None:
    sys.stderr.write("The worker did not end in time, and was ended. Nothing that was written is lost.\n")
    sys.stderr.flush()
    os._exit(1)


def told(error: WeirError) -> int:
    """Tells the error in its sentence on standard error; returns the exit code that it means."""
    log.debug("ended by", exc_info=error)
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    return error.exit_code
