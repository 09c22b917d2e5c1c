"""Throughput of all contestants: each once, then each again, so that a slow minute of the machine hits everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.contestants.contestant import Contestant
from bench.events.spec import LogSpec
from bench.measure.arena import Arena, BenchLog, arena
from bench.measure.throughput import run_once
from bench.measures.results import say
from bench.order import Deadline, in_time
from bench.parts import SLOW_SHARE
from bench.unavailable import UnavailableError

FEWEST = 2
"""Contestants of a comparison."""


def measure_rates(chosen: Sequence[Contestant], spec: LogSpec, runs: int, home: Path) -> dict[str, Any]:
    """Figures of every run, and who could not be run, or gave up, and why.

    Raises:
        UnavailableError: nobody is there to be compared with.
        RuntimeError: everybody gave up.
    """
    ready, absent = prepared(chosen, home)
    if len(ready) < min(len(chosen), FEWEST):
        raise UnavailableError("; ".join(f"{name}: {reason}" for name, reason in absent.items()))
    figures: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    deadline = Deadline()
    with arena(home / "expected") as place:
        logs = _logs(place, ready, spec)
        for number, contestant in in_time(ready, runs, deadline):
            if contestant.traits.name in failed:
                continue
            say(f"run {number} of {runs}, {contestant.traits.name}")
            try:
                figures.append({"run": number} | _run(contestant, logs[contestant.traits.slow]))
            except (RuntimeError, TimeoutError) as error:
                say(f"{contestant.traits.name}: {error}")
                failed[contestant.traits.name] = str(error)
    if not figures:
        raise RuntimeError(f"Everybody gave up: {failed}")
    return {"runs": figures, "absent": absent, "failed": failed}


def _logs(place: Arena, ready: Sequence[Contestant], spec: LogSpec) -> dict[bool, BenchLog]:
    """The log, and a shorter one for who is slow; what should come of them is worked out before anybody runs."""
    logs: dict[bool, BenchLog] = {}
    for traits in (contestant.traits for contestant in ready):
        if traits.slow not in logs:
            logs[traits.slow] = place.log(spec.part(SLOW_SHARE) if traits.slow else spec)
        logs[traits.slow].expected(patterns=traits.patterns)
    return logs


def prepared(chosen: Sequence[Contestant], home: Path) -> tuple[list[Contestant], dict[str, str]]:
    """Those that can be run here, and why the others can't."""
    ready, absent = [], {}
    for contestant in chosen:
        say(f"prepares {contestant.traits.name}")
        try:
            contestant.prepare(home)
            ready.append(contestant)
        except UnavailableError as error:
            absent[contestant.traits.name] = str(error)
    return ready, absent


def _run(contestant: Contestant, log: BenchLog) -> dict[str, Any]:
    traits = contestant.traits
    found = run_once(contestant, log.place(traits.name), log.expected(patterns=traits.patterns), log.arena.broker)
    right = "right" if not found.faults else f"WRONG: {found.faults[0]}"
    say(
        f"{traits.name}: {found.per_cpu_s:,.0f} events a CPU second, {found.per_wall_s:,.0f} a second, "
        f"broker {found.broker_cpu_s:.1f} s, {found.peak_bytes / 2**20:,.0f} MiB, {right}"
    )
    return found.figures()
