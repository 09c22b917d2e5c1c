"""Takes one part: measures, with the conditions before and after, and makes the result of it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from bench.contestants.everybody import contestants
from bench.events.spec import LogSpec
from bench.measure.growth import measure_memory, measure_patterns, measure_visitors
from bench.measure.latency import measure_latency
from bench.measure.machine import commit, load, machine, versions
from bench.measure.profile import measure_profile
from bench.measure.rates import measure_rates
from bench.measure.recovery import measure_recovery
from bench.measure.scale import measure_scale, measure_start
from bench.micro.run import measure_hot
from bench.parts import BenchPart
from bench.plan import BenchPlan
from bench.result import FORMAT, BenchResult, Load, without_places


@dataclass(frozen=True)
class Taking:
    """A measure's parameters as they are noted, and how its figures are got from the folder for environments."""

    parameters: Mapping[str, Any]
    measure: Callable[[Path], dict[str, Any]]


def take(part: BenchPart, plan: BenchPlan, home: Path) -> BenchResult:
    """Measures the part.

    Raises:
        UnavailableError: something that it needs can't be had here.
        RuntimeError: it failed.
        TimeoutError: likewise.
    """
    begun, begun_s = datetime.now(UTC).replace(microsecond=0), time.monotonic()
    # Asked before: what is changed while it is measured is not what was measured.
    tree, before, of = commit(), load(), taking(part, plan)
    figures = of.measure(home)
    traits = figures.get("traits", {})
    result = BenchResult(
        format=FORMAT,
        part=part.measure,
        contestants=part.contestants,
        taken=begun,
        took_s=round(time.monotonic() - begun_s, 1),
        machine=machine(),
        versions=versions() | {one["title"]: one["version"] for one in traits.values()},
        load=Load(before, load()),
        commit=tree,
        parameters=dict(of.parameters),
        figures=figures,
    )
    roots = {name for name in os.listdir("/") if "." not in name}  # noqa: PTH208 -- names are what is wanted
    cleaned = without_places(result.figures, roots, platform.node())
    return msgspec.structs.replace(result, figures=cast("dict[str, Any]", cleaned))


def taking(part: BenchPart, plan: BenchPlan) -> Taking:
    """How a part of this plan is measured."""
    spec, runs = plan.spec, plan.runs
    logged = {"runs": runs, "log": msgspec.to_builtins(spec)}
    known: dict[str, Taking] = {
        "latency": Taking(
            {"rate": plan.rate, "seconds": plan.seconds}, lambda home: measure_latency(plan.rate, plan.seconds, home)
        ),
        "visitors": Taking(
            {"runs": runs, "visitors": plan.visitors, "events": plan.visitors_events},
            lambda home: measure_visitors(plan.visitors, plan.visitors_events, runs, home),
        ),
        "memory": Taking({"visitors": plan.memory_visitors}, lambda home: measure_memory(plan.memory_visitors, home)),
        "patterns": Taking(
            logged | {"patterns": plan.patterns}, lambda home: measure_patterns(plan.patterns, spec, runs, home)
        ),
        "scale": Taking(logged, lambda home: measure_scale(spec, runs, home)),
        "recovery": Taking(
            {"sessions": plan.recovery_sessions}, lambda home: measure_recovery(plan.recovery_sessions, home)
        ),
        "start": Taking({"runs": runs}, lambda home: measure_start(runs, home)),
        "micro": Taking({"runs": runs}, lambda _: measure_hot(runs)),
        "profile": Taking({"log": logged["log"]}, lambda home: measure_profile(spec, home)),
    }
    if part.measure in known:
        return known[part.measure]
    read = msgspec.structs.replace(spec, data="real" if part.measure == "real" else "")
    noted = {"runs": runs, "log": msgspec.to_builtins(read)}
    return Taking(noted, lambda home: _rates(part.contestants, read, runs, home))


def _rates(names: tuple[str, ...], spec: LogSpec, runs: int, home: Path) -> dict[str, Any]:
    known = contestants()
    found = measure_rates([known[name] for name in names], spec, runs, home)
    return found | {"traits": {name: msgspec.to_builtins(known[name].traits) for name in names}}
