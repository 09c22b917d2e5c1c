"""Runs the demo's loop: sends traffic, reads sessions and flags, and shows figures."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streams.demo.figures import DemoFigures, take
from streams.demo.plan import PACE, Plan
from streams.demo.sender import Sender
from streams.demo.view import View
from streams.demo.watcher import Watcher
from streams.demo.worker_process import Series, WorkerProcess

if TYPE_CHECKING:
    from streams.demo.tables import TableWorker

_DRAIN_TIMEOUT_S = 30.0
_SHOW_EVERY_S = 1.0


class DemoRun:
    """The run of a demo in one thread: sends, reads and shows in turn."""

    def __init__(
        self, plan: Plan, worker: WorkerProcess, sender: Sender, watcher: Watcher, tables: TableWorker | None = None
    ) -> None:
        self.failures: list[str] = []
        self.figures = DemoFigures()
        """The newest figures."""
        self._plan = plan
        self._worker = worker
        self._sender = sender
        self._watcher = watcher
        self._tables = tables
        self._series: Series = {}
        self._elapsed_s = 0.0

    def play(self, view: View) -> None:
        """Sends traffic until the time is over, the demo is stopped, or a worker has ended."""
        start_s = time.time()
        self._sender.begin(self._plan.seed, self._plan.rate, start_s, PACE)
        show_s = 0.0
        with _until_signalled() as ended:
            while not (ended.is_set() or self._worker.has_ended or self._have_tables_ended):
                self._elapsed_s = time.time() - start_s
                if self._plan.seconds is not None and self._elapsed_s >= self._plan.seconds:
                    break
                self._sender.send_due(time.time())
                self._watcher.poll(0.02)
                if self._elapsed_s >= show_s:
                    show_s = self._elapsed_s + _SHOW_EVERY_S
                    view.show(self._read_figures())

    def drain(self) -> None:
        """Waits until the worker has processed all records and its output has been read."""
        if left := self._sender.flush():
            self.failures.append(f"The broker did not acknowledge {left:,} records.")
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        while not self._worker.has_ended and time.monotonic() < deadline:
            taken = self._watcher.poll(0.3)
            figures = self._read_figures()
            if not taken and figures.lag == 0 and sum(figures.outcomes.values()) >= self._expected:
                return
        if not self._worker.has_ended:
            self.failures.append(f"The worker had not caught up after {_DRAIN_TIMEOUT_S:.0f} s.")

    def end_worker(self) -> None:
        """Ends the worker, and adds error messages to `failures`."""
        ended_by_itself = self._worker.has_ended
        code = self._worker.stop()
        if ended_by_itself:
            self.failures.append(f"The worker ended with exit code {code}. {self._worker.last_log_line()}")
        elif code:
            self.failures.append(
                f"The worker failed when it was stopped, with exit code {code}. {self._worker.last_log_line()}"
            )
        if self._sender.sent.refused:
            self.failures.append(f"The broker refused {self._sender.sent.refused:,} records.")
        if not self._watcher.results.flags:
            self.failures.append("Nothing was flagged, though there was abuse in the traffic.")

    def end_tables(self) -> None:
        """Ends the stage `table` when its tables are complete, and adds error messages to `failures`."""
        if self._tables is not None:
            self.failures += self._tables.end()

    @property
    def _have_tables_ended(self) -> bool:
        return self._tables is not None and self._tables.process.has_ended

    @property
    def _expected(self) -> int:
        return self._sender.sent.events + self._sender.sent.broken

    def _read_figures(self) -> DemoFigures:
        self._worker.sample_memory()
        # If the worker does not respond, then its last response is shown.
        self._series = self._worker.metrics() or self._series
        results, memory = self._watcher.results, self._worker.peak_memory_bytes
        self.figures = take(self._elapsed_s, self._sender.sent, results, self._series, memory)
        return self.figures


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C or SIGTERM; the second signal has its usual effect and ends the demo at once."""
    ended = threading.Event()

    def end(number: int, _: object) -> None:
        ended.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
