"""Throughput of all contestants: each once, then each again, so that a slow minute of the machine hits everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.contestants.contestant import Contestant
from bench.events.spec import LogSpec
from bench.measure.arena import Log, arena
from bench.measure.throughput import run_once
from bench.unavailable import UnavailableError
from tests.measures.results import say

SHORT = 10
"""Slow contestants get a tenth of the log."""


def measure_rates(chosen: Sequence[Contestant], spec: LogSpec, runs: int, home: Path) -> dict[str, Any]:
    """Figures of every run, and who could not be run and why."""
    ready, absent = prepared(chosen, home)
    figures: list[dict[str, Any]] = []
    with arena(home / "expected") as place:
        logs: dict[bool, Log] = {}
        for number in range(1, runs + 1):
            for contestant in ready:
                slow = contestant.traits.slow
                if slow not in logs:
                    logs[slow] = place.log(spec.part(SHORT) if slow else spec)
                try:
                    figures.append({"run": number} | _run(contestant, logs[slow]))
                except (RuntimeError, TimeoutError) as error:
                    say(f"{contestant.traits.name}: {error}")
                    absent[contestant.traits.name] = str(error)
    return {"runs": figures, "absent": absent}


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


def _run(contestant: Contestant, log: Log) -> dict[str, Any]:
    traits = contestant.traits
    found = run_once(contestant, log.place(traits.name), log.expected(patterns=traits.patterns), log.arena.broker)
    right = "right" if not found.faults else f"WRONG: {found.faults[0]}"
    say(
        f"{traits.name}: {found.per_cpu_s:,.0f} events a CPU second, {found.per_wall_s:,.0f} a second, "
        f"broker {found.broker_cpu_s:.1f} s, {found.peak_bytes / 2**20:,.0f} MiB, {right}"
    )
    return found.figures()
