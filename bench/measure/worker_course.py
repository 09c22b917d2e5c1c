"""A Weir worker over a log that nobody judges: what an event costs it from some point of the log on, and what it holds.

Logs of millions of visitors are too long for the reference; the worker's own accounts must add up all the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from bench.check.expected import Expected
from bench.contestants.contestant import Command
from bench.contestants.weir import Weir
from bench.measure.arena import BenchLog
from bench.measure.process import running
from bench.measure.progress import progress
from bench.measure.throughput import stretch, watch
from bench.measures.worker import Metrics

SETTLE_S = 8.0
"""A checkpoint later than the end of the log."""


@dataclass(frozen=True)
class Course:
    """What was seen."""

    events: int
    cpu_s: float
    wall_s: float
    resident_bytes: int
    """When all was done and the checkpoint written."""
    open_sessions: int

    @property
    def cost_us(self) -> float:
        """CPU microseconds an event."""
        return self.cpu_s / self.events * 1e6


def course(weir: Weir, log: BenchLog, warm: float = 0.25, settle_s: float = SETTLE_S) -> Course:
    """Runs a worker over the log; costs are those behind the share `warm` of it.

    Raises:
        RuntimeError: its accounts don't add up, or it ended by itself.
    """
    place = log.place(weir.name)
    output = weir.lay_out(place)
    commands = weir.commands(place)
    with running(commands, place.folder) as started:
        with progress(weir.traits, place, output, commands, Expected()) as done:
            samples = watch(started, done, log.arena.broker)
        time.sleep(settle_s)
        resident = started.resident_bytes()
        folded, sessions = _accounts(commands)
    if folded != log.records:
        raise RuntimeError(f"The worker folded {folded:,} events of {log.records:,}.")
    begin, end = stretch(samples, warm)
    return Course(
        events=round((end.done - begin.done) * log.records),
        cpu_s=end.worker_cpu_s - begin.worker_cpu_s,
        wall_s=end.at_s - begin.at_s,
        resident_bytes=resident,
        open_sessions=sessions,
    )


def _accounts(commands: list[Command]) -> tuple[int, int]:
    """Events folded or known already, and sessions that are open."""
    folded = sessions = 0.0
    for command in commands:
        metrics = Metrics(httpx.get(f"{command.status_url}/metrics", timeout=30.0).text)
        folded += sum(metrics.total("weir_events_total", outcome=outcome) for outcome in ("folded", "duplicate"))
        sessions += metrics.total("weir_sessions_open")
    return int(folded), int(sessions)
