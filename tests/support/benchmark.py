"""Made-up results of the benchmark."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bench.result import FORMAT, BenchResult, Commit, Load, Machine

TAKEN = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
SPEC = {"events": 100, "size": 400, "visitors": 10, "partitions": 4, "seed": 1, "data": ""}


def result(
    part: str,
    figures: dict[str, Any],
    contestants: tuple[str, ...] = (),
    taken: datetime = TAKEN,
    commit: Commit | None = None,
) -> BenchResult:
    """A result with these figures."""
    return BenchResult(
        format=FORMAT,
        part=part,
        contestants=contestants,
        taken=taken,
        took_s=300.0,
        machine=Machine("a processor", 2, 24, "Linux 6"),
        versions={"weir": "1", "Kafka": "4"},
        load=Load((0.1, 0.1, 0.1), (1.5, 1.0, 0.5)),
        commit=commit or Commit("0123456789abcdef", clean=True),
        parameters={"runs": 2, "log": SPEC},
        figures=figures,
    )


def run(number: int, contestant: str, per_cpu_s: float, *faults: str, broker_cpu_s: float = 1.0) -> dict[str, Any]:
    """One run of a contestant."""
    return {
        "run": number,
        "contestant": contestant,
        "events": 100,
        "per_cpu_s": per_cpu_s,
        "per_wall_s": per_cpu_s,
        "worker_cpu_s": 1.0,
        "broker_cpu_s": broker_cpu_s,
        "whole_events": 100,
        "whole_cpu_s": 2.0,
        "peak_bytes": 2**20,
        "faults": list(faults),
    }


def rates(*runs: dict[str, Any], absent: dict[str, str] | None = None, taken: datetime = TAKEN) -> BenchResult:
    """Throughput of whoever ran, or could not be run."""
    names = tuple(dict.fromkeys([one["contestant"] for one in runs] + list(absent or {})))
    traits = {"version": "1", "remarks": "r", "exactly_once": True, "finals": True, "slow": False}
    figures = {
        "runs": list(runs),
        "absent": absent or {},
        "failed": {},
        "traits": {name: {"title": name.title(), **traits} for name in names},
    }
    return result("throughput", figures, names, taken)
