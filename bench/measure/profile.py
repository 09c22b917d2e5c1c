"""Where a worker's CPU time goes: its Python stacks by py-spy, and its threads, some of which run no Python.

py-spy (https://github.com/benfred/py-spy) looks at a process from outside, a hundred times a second, and sees who
holds the interpreter's lock then. A sample counts for the innermost function of Weir's own on the stack: what a library
does is on the account of who calls it. The client library's own threads have no Python stack; the system tells their
time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.check.expected import Expected
from bench.contestants.environment import python_of
from bench.contestants.everybody import CASCADE, contestants
from bench.events.spec import LogSpec
from bench.measure.arena import BenchLog, arena
from bench.measure.process import Started, running, tail
from bench.measure.progress import Done, progress
from bench.measure.throughput import STEP_S, WARM, watch
from bench.measures.results import say

ROOT = Path(__file__).parents[2]
OWN = ("streams", "rules", "models", "weir")
SPY = ("py-spy==0.4.1",)
SAMPLES_A_S = 100
END_S = 60.0
PROFILED = {"weir": ("sessionize",), "weir-cascade": CASCADE}


def measure_profile(spec: LogSpec, home: Path) -> dict[str, Any]:
    """Of each process of the worker with all patterns, and of the full cascade: functions and threads.

    Raises:
        UnavailableError: py-spy does not install.
    """
    spy = python_of("py-spy", SPY, home).with_name("py-spy")
    known = contestants()
    found: list[dict[str, Any]] = []
    with arena(home / "expected") as place:
        log = place.log(spec)
        for name, processes in PROFILED.items():
            weir = known[name]
            run = log.place(name)
            output = weir.lay_out(run)
            commands = weir.commands(run)
            with (
                running(commands, run.folder) as started,
                progress(weir.traits, run, output, commands, Expected()) as done,
            ):
                figures = _watched(spy, started, done, log)
            found += [
                {"contestant": name, "stages": stages} | one for stages, one in zip(processes, figures, strict=True)
            ]
    for one in found:
        say(f"{one['contestant']}, {one['stages']}: {one['cpu_us']:.1f} us of CPU an event, {one['samples']:,} samples")
    return {"events": spec.events, "processes": found}


def _watched(spy: Path, started: Started, done: Done, log: BenchLog) -> list[dict[str, Any]]:
    while (begin := done()) < WARM:
        started.require_alive()
        time.sleep(STEP_S)
    before = [threads(process.pid) for process in started.processes]
    with _spied(spy, started) as files:
        watch(started, done, log.arena.broker)
        after = [threads(process.pid) for process in started.processes]
    events = (1.0 - begin) * log.records
    return [
        {
            **shares(file.read_text().splitlines()),
            "threads": (used := {name: used_s - early.get(name, 0.0) for name, used_s in late.items()}),
            "cpu_us": sum(used.values()) / events * 1e6,
        }
        for file, early, late in zip(files, before, after, strict=True)
    ]


@contextmanager
def _spied(spy: Path, started: Started) -> Iterator[list[Path]]:
    """Files of stacks, complete when the context has ended."""
    files = [log.with_suffix(".stacks") for log in started.logs]
    options = ["--rate", str(SAMPLES_A_S), "--format", "raw", "--full-filenames", "--function", "--gil"]
    spies = []
    for process, file in zip(started.processes, files, strict=True):
        with file.with_suffix(".spy").open("wb") as out:
            command = [str(spy), "record", *options, "--pid", str(process.pid), "--output", str(file)]
            spies.append(subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL))
    try:
        yield files
    finally:
        for one in spies:
            one.send_signal(signal.SIGINT)  # which makes it write
        for one in spies:
            one.wait(END_S)
    for file in files:
        if not file.exists():
            raise RuntimeError(f"py-spy wrote no stacks: {tail(file.with_suffix('.spy'))}")


def threads(pid: int) -> dict[str, float]:
    """CPU seconds of a process's threads so far, by the name that the system knows them by; Linux only."""
    found: defaultdict[str, float] = defaultdict(float)
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    for task in Path(f"/proc/{pid}/task").iterdir():
        name, _, numbers = (task / "stat").read_text().partition("(")[2].rpartition(")")
        user, system = numbers.split()[11:13]
        found[name.rstrip("0123456789-:")] += (int(user) + int(system)) * tick_s
    return dict(found)


def shares(stacks: Iterable[str]) -> dict[str, Any]:
    """Of samples in py-spy's raw form: how many, and of them by module and by function, the most first."""
    modules: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in stacks:
        stack, _, number = line.rpartition(" ")
        function, module = _innermost(stack.split(";"))
        modules[module] += int(number)
        functions[f"{module}: {function}" if module else function] += int(number)
    return {
        "samples": modules.total(),
        "modules": dict(modules.most_common()),
        "functions": dict(functions.most_common()),
    }


def _innermost(stack: Sequence[str]) -> tuple[str, str]:
    """Function and module, the latter empty where none of Weir's own is on the stack."""
    for frame in reversed(stack):
        function, _, file = frame.rpartition(" (")
        path = Path(file.removesuffix(")").partition(":")[0])
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OWN:
            return function, path.relative_to(ROOT).as_posix()
    return "what runs it", ""
