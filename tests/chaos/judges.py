"""The work of judging that several processes do: a run of minutes takes one of them as long again."""

from __future__ import annotations

import gc
import os
import resource
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.chaos.oracle import logs
from tests.chaos.oracle.expected import Expected
from tests.chaos.oracle.judging import JudgeShare, expect
from tests.chaos.oracle.records import Record, Settings
from tests.chaos.oracle.shares import SHARES, Places, Shares, share_of
from tests.chaos.timeline import Timeline, note_events

_AT_ONCE = 8
"""Shares that a process is given at once, with all that is known of people's answers."""


@dataclass
class Judges:
    """Processes that judge; a context that ends them. What they put aside lies in `folder`."""

    bootstrap_servers: str
    settings: Settings
    begun_ms: int
    folder: Path
    most_memory_mib: float = 0.0
    """Of all of them together, at most."""

    def __post_init__(self) -> None:
        # Not forked: the proxies of a run are threads, whose locks a fork would take along.
        self._pool = ProcessPoolExecutor(mp_context=get_context("spawn"))

    def close(self) -> None:
        """Ends them."""
        self._pool.shutdown(cancel_futures=True)

    def expected(self, watch: Places) -> tuple[Expected, Timeline]:
        """What the log of events must have come to, and when its records were appended."""
        work = partial(_expected, self.bootstrap_servers, self.settings, self.begun_ms, self.folder, watch)
        whole, line = Expected(self.settings, judges_patterns=False), Timeline(self.begun_ms)
        held: dict[int, float] = {}
        for expected, events, (process, memory_mib) in self._pool.map(work, range(self.settings.partitions)):
            whole.add(expected)
            line.events += events
            held[process] = memory_mib
        self._note(held)
        return whole, line

    def shares(self, judge: JudgeShare) -> Iterator[tuple[list[str], Counter[int]]]:
        """Has every share judged."""
        held: dict[int, float] = {}
        work = partial(_judged, self.folder, judge)
        for differences, events, (process, memory_mib) in self._pool.map(work, range(SHARES), chunksize=_AT_ONCE):
            yield differences, events
            held[process] = memory_mib
        self._note(held)

    def _note(self, held: Mapping[int, float]) -> None:
        self.most_memory_mib = max(self.most_memory_mib, sum(held.values()))


def most_memory_mib() -> float:
    """Of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Nothing that is made here refers to itself, and there is much of it: looking for garbage would take long."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _expected(  # noqa: PLR0913, PLR0917 -- all of it is sent to another process
    bootstrap_servers: str, settings: Settings, begun_ms: int, folder: Path, watch: Places, partition: int
) -> tuple[Expected, Counter[int], tuple[int, float]]:
    line = Timeline(begun_ms)
    log = logs.read(bootstrap_servers, settings.topic("events"), partition)
    with no_search_for_cycles(), Shares(folder, f"due-{partition}") as shares:
        expected = expect(_noted(line, log), settings, watch=watch, shares=shares)
    expected.put_aside = None
    return expected, line.events, (os.getpid(), most_memory_mib())


def _judged(folder: Path, judge: JudgeShare, number: int) -> tuple[list[str], Counter[int], tuple[int, float]]:
    with no_search_for_cycles():
        differences, events = judge(share_of(folder, number))
    return differences, events, (os.getpid(), most_memory_mib())


def _noted(line: Timeline, log: Iterable[Record]) -> Iterator[Record]:
    for record in log:
        note_events(line, record)
        yield record
