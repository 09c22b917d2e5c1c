"""The report's section on where a worker's time goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.measures.results import table

MODULES, FUNCTIONS = 14, 12
LEAST = 0.01
PYTHON = "weir"
"""What the system calls the threads that run Python; the client library names its own `rdk:`."""


def profiles(figures: Mapping[str, Any]) -> str:
    """A table for each process: modules, functions, threads."""
    said = (
        f"py-spy on each process over the later three quarters of {figures['events']:,} events, with the cost that "
        "looking adds. A sample is of who holds the interpreter's lock, and counts for the innermost function of "
        "Weir's own: what libraries do is on the account of who calls them. Microseconds are of CPU time for an event."
    )
    return "\n\n".join([said, *(_process(one) for one in figures["processes"])])


def _process(one: Mapping[str, Any]) -> str:
    used_s = sum(one["threads"].values())
    title = f"### {one['stages']}, as part of {one['contestant']}: {one['cpu_us']:.1f} µs an event"
    if not one["samples"] or not used_s:
        return f"{title}\n\nIt ran too short to be looked at."
    theirs_s = sum(took_s for name, took_s in one["threads"].items() if name.startswith("rdk:"))
    python_us = one["cpu_us"] * (1 - theirs_s / used_s)
    threads = (
        f"Of that {one['cpu_us'] - python_us:.1f} µs are librdkafka's threads, which fetch, unpack, pack and send; the "
        f"rest, {python_us:.1f} µs, is Python's, in {one['samples']:,} samples:"
    )
    found = {name or "what runs it: asyncio, Faust, the web server": hits for name, hits in one["modules"].items()}
    modules = table(("module", "share", "µs an event"), _rows(found, one["samples"], python_us, MODULES))
    functions = table(
        ("function", "share", "µs an event"), _rows(one["functions"], one["samples"], python_us, FUNCTIONS)
    )
    return "\n\n".join([title, threads, modules.rstrip("\n"), functions.rstrip("\n")])


def _rows(found: Mapping[str, int], samples: int, cost_us: float, most: int) -> list[tuple[str, str, str]]:
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return [
        (name, f"{hits / samples:.1%}", f"{hits / samples * cost_us:.2f}")
        for name, hits in ordered[:most]
        if hits / samples >= LEAST
    ]
