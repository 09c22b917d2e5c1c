"""`weir demo`: runs broker, worker, traffic and summary on one machine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from streams.demo.console_process import ConsoleProcess, is_installed
from streams.demo.environment import Report, own_cluster, own_folder
from streams.demo.moderator import Moderators
from streams.demo.plan import PACE, Plan
from streams.demo.play import DemoRun
from streams.demo.results import Results
from streams.demo.sender import Sender
from streams.demo.summary import Summary, show, summarise
from streams.demo.truth import TruthFiles
from streams.demo.view import make_view
from streams.demo.watcher import Watcher
from streams.demo.worker_process import WorkerProcess
from weir.errors import WorkError
from weir.kafka.admin import create_topics
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.signals import held_back
from weir.tables.extra import check_extra

if TYPE_CHECKING:
    from streams.demo.tables import TableWorker

_READY_TIMEOUT_S = 90.0


def run(plan: Plan, console: Console) -> Summary:
    """Runs the demo and shows its figures; returns the summary, whose `failures` are error messages.

    Raises:
        WeirError: The demo could not start.
    """
    if plan.tables is not None:
        check_extra("weir demo --table")
        from streams.demo.tables import require_new  # noqa: PLC0415 -- needs the extra

        require_new(plan.tables)
    with ExitStack() as stack:
        stack.enter_context(_ended_by_terminate())
        report = console.out
        folder = stack.enter_context(own_folder(plan.folder))
        settings = stack.enter_context(own_cluster(plan, folder, report))
        report(f"Creating topics {settings.topic_prefix}.*")
        create_topics(settings)
        report("Starting a worker with all stages …")
        with held_back():
            worker = WorkerProcess(settings, folder / "worker.log")
            stack.callback(worker.stop)
        tables = _start_tables(stack, plan, settings, folder)
        worker.wait_until_ready(_READY_TIMEOUT_S)
        if tables is not None:
            tables.process.wait_until_ready(_READY_TIMEOUT_S)
        truth = stack.enter_context(TruthFiles(folder / "truth"))
        watcher = stack.enter_context(Watcher(settings, Results()))
        console_at = _start_console(stack, settings, worker, folder, report)
        report(f"Kafka {settings.bootstrap_servers} · metrics {worker.address}/metrics")
        _introduce(plan, settings, folder, report)
        sender = Sender(producer(settings, linger_ms=5), settings.names, truth, Moderators(plan.seed))
        demo = DemoRun(plan, worker, sender, watcher, tables)
        with make_view(console, console_at) as view:
            demo.play(view)
        report("Traffic has ended; waiting for the last verdicts …")
        demo.drain()
        demo.end_worker()
        if tables is not None:
            report("Waiting until the tables have all records …")
        demo.end_tables()
        summary = summarise(
            demo.figures, sender.sent, watcher.results, watcher.results.quality(truth.kinds), demo.failures
        )
    show(summary, console)
    if plan.tables is not None:
        report(f'Tables: {plan.tables} (cd {plan.tables}; weir query "FROM sessions LIMIT 5")')
    return summary


def _start_tables(stack: ExitStack, plan: Plan, settings: Settings, folder: Path) -> TableWorker | None:
    """Starts the stage `table` if the plan has tables."""
    if plan.tables is None:
        return None
    from streams.demo.tables import TableWorker  # noqa: PLC0415 -- needs the extra

    with held_back():
        tables = TableWorker(settings, plan.tables, folder / "table.log")
        stack.callback(tables.process.stop)
    return tables


def _start_console(stack: ExitStack, settings: Settings, worker: WorkerProcess, folder: Path, report: Report) -> str:
    """Starts the console and prints its address; returns the address for the live view's footer."""
    if not is_installed():
        report("The console's packages are not installed (pip install 'weir[console]'): the demo runs without console.")
        return f"metrics {worker.address}/metrics"
    with held_back():
        process = ConsoleProcess(settings, worker.address, folder / "console.log")
        stack.callback(process.stop)
    report(f"Console: {process.link(_READY_TIMEOUT_S)}")
    report(f"(The link works in one browser, once; {process.address} is for reading and labelling.)")
    return f"console {process.address}"


@contextmanager
def _ended_by_terminate() -> Iterator[None]:
    """Makes SIGTERM end the demo as Ctrl-C does, so that all started processes end."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _introduce(plan: Plan, settings: Settings, folder: Path, report: Report) -> None:
    """Prints the demo's addresses and folders, and how its times differ from the defaults."""
    report(
        f"To show results in a minute, visitors are {PACE:.0f} times as fast as real ones, and sessions close after "
        f"{settings.gap_s:g} + {settings.grace_s:g} s of silence instead of 1,800 + 300."
    )
    if plan.folder is not None:
        report(f"Kafka's data, logs and the truth about each visitor are in {folder}")
    if plan.tables is not None:
        report(
            f"Tables are written to {plan.tables} every {settings.table_commit_s:g} s. Commands that are started in "
            f"that folder reach this demo: cd {plan.tables}; weir tail flags"
        )
    until = "until Ctrl-C" if plan.seconds is None else f"for {plan.seconds:g} s"
    report(f"Sending about {plan.rate:g} events a second {until} (seed {plan.seed})")


def write_json(summary: Summary, path: Path) -> None:
    """Writes the summary as one JSON object."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")


def require_success(summary: Summary) -> None:
    """Checks that the demo succeeded.

    Raises:
        WorkError: The summary has failures.
    """
    if summary.failures:
        raise WorkError(summary.failures[0], " ".join(summary.failures[1:]))
