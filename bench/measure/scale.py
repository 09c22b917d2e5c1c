"""Two workers against one, on partitions of their own; and how soon a worker without state is ready."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from bench.contestants.weir import Weir
from bench.events.spec import LogSpec
from bench.measure.arena import arena
from bench.measure.process import running
from bench.measure.worker_course import course
from bench.measures.results import say
from bench.order import Deadline, in_time

ONE = Weir("weir", "Weir", "")
TWO = Weir("weir-two", "Weir", "", processes=("sessionize", "sessionize"))
READY_S = 60.0


def measure_scale(spec: LogSpec, runs: int, home: Path) -> dict[str, Any]:
    """Events a CPU second of one worker and of two together."""
    deadline = Deadline()
    rates: dict[str, list[dict[str, float]]] = {"1": [], "2": []}
    with arena(home / "expected") as place:
        log = place.log(spec)
        for run, (number, weir) in in_time((("1", ONE), ("2", TWO)), runs, deadline):
            found = course(weir, log, settle_s=0.0)
            rates[number].append({"per_cpu_s": found.events / found.cpu_s, "per_wall_s": found.events / found.wall_s})
            say(f"run {run} of {runs}, {number} workers: {rates[number][-1]['per_cpu_s']:,.0f} events a CPU second")
    return {"workers": rates}


def measure_start(runs: int, home: Path) -> dict[str, Any]:
    """Seconds from a process's start to its first answer 200 to `/ready`; sessionize, and all stages in one."""
    everything = Weir("weir-all", "Weir", "", processes=("sessionize,score,join,train",), more={"model_key": "a key"})
    deadline = Deadline()
    seconds: dict[str, list[float]] = {"sessionize": [], "all stages": []}
    with arena(home / "expected") as place:
        log = place.log(LogSpec(events=0, closes=False))
        for run, (name, weir) in in_time((("sessionize", ONE), ("all stages", everything)), runs, deadline):
            here = log.place(weir.name)
            weir.lay_out(here)
            commands = weir.commands(here)
            with running(commands, here.folder) as started:
                seconds[name].append(_until_ready(commands[0].status_url, started.begun_s))
            say(f"run {run} of {runs}, {name}: ready after {seconds[name][-1]:.2f} s")
    return {"seconds": seconds}


def _until_ready(url: str, begun_s: float) -> float:
    with httpx.Client(base_url=url, timeout=5.0) as client:
        while time.monotonic() - begun_s < READY_S:
            try:
                if client.get("/ready").status_code == httpx.codes.OK:
                    return time.monotonic() - begun_s
            except httpx.TransportError:
                pass
            time.sleep(0.01)
    raise RuntimeError(f"The worker was not ready within {READY_S:.0f} s.")
