"""A small run of Weir against the reference, on the broker that the tests share: the benchmark still runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.contestants.weir import Weir
from bench.events.spec import LogSpec
from bench.measure.arena import Arena
from bench.measure.throughput import run_once
from weir.settings import Settings


def test_weir_is_measured_and_its_output_judged(new_installation: Callable[..., Settings], tmp_path: Path) -> None:
    settings = new_installation(topics=False)
    arena = Arena(settings, tmp_path, psutil.Process(os.getpid()), tmp_path / "cache")
    log = arena.log(LogSpec(events=4_000, visitors=60))
    try:
        run = run_once(Weir("weir", "Weir", ""), log.place("weir"), log.expected(patterns=True), arena.broker)
    finally:
        log.remove()

    assert run.faults == ()
    assert run.outputs > 500
    assert run.per_cpu_s > 0
    assert run.whole_cpu_s > run.worker_cpu_s > 0
    assert run.peak_bytes > 2**20
