from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.report.goals import missed, rows
from bench.report.results import Results, is_right
from bench.report.write import write_report

CONDITIONS = {
    "taken": "2026-01-01",
    "processor": "x",
    "processors": 2,
    "memory_gib": 24,
    "system": "Linux 6",
    "python": "3.11",
    "load": [0.1, 0.1, 0.1],
    "versions": {"weir": "1"},
}


def _run(contestant: str, per_cpu_s: float, *faults: str) -> dict[str, Any]:
    return {
        "contestant": contestant,
        "events": 100,
        "per_cpu_s": per_cpu_s,
        "per_wall_s": per_cpu_s,
        "worker_cpu_s": 1.0,
        "broker_cpu_s": 1.0,
        "whole_events": 100,
        "whole_cpu_s": 2.0,
        "peak_bytes": 2**20,
        "faults": list(faults),
    }


def _traits(title: str) -> dict[str, Any]:
    return {"title": title, "version": "1", "remarks": "r", "exactly_once": True, "finals": True, "slow": False}


@pytest.fixture
def results() -> dict[str, Any]:
    runs = [_run("weir", 160_000.0), _run("weir", 170_000.0), _run("weir-plain", 180_000.0), _run("flink", 100_000.0)]
    return {
        "throughput": {
            "runs": [*runs, _run("quix", 900_000.0, "lost one")],
            "absent": {"pyflink": "it does not install"},
            "traits": {name: _traits(name) for name in ("weir", "weir-plain", "flink", "quix")},
            "spec": {"events": 100, "size": 400, "visitors": 10, "partitions": 4, "seed": 1, "data": ""},
            "conditions": CONDITIONS,
        }
    }


def test_goals_are_judged_by_medians_of_runs_whose_output_was_right(results: dict[str, Any]) -> None:
    found = {what: (value, verdict) for what, _, value, verdict in rows(results)}

    assert found["sessionize with all packs, events a CPU second"] == ("165,000", "reached")
    assert found["against Flink"][1] == "**missed**"
    assert found["against Quix Streams"] == ("not measured", "")


def test_the_page_says_who_was_wrong_and_who_could_not_be_run(results: dict[str, Any], tmp_path: Path) -> None:
    write_report(results, tmp_path / "benchmarks.md")

    page = (tmp_path / "benchmarks.md").read_text()
    assert "**wrong**" in page
    assert "**pyflink** could not be run: it does not install" in page
    assert "![Throughput](benchmarks/throughput.svg)" in page
    assert (tmp_path / "benchmarks" / "throughput.svg").exists()


def test_a_measure_taken_again_takes_the_place_of_the_old_one_and_no_other(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json")
    results.put("start", {"seconds": 1}, CONDITIONS)
    results.put("memory", {"rows": []}, CONDITIONS)
    results.put("start", {"seconds": 2}, CONDITIONS)

    assert results.all()["start"]["seconds"] == 2
    assert "memory" in results.all()


def test_a_run_with_a_wrong_output_or_a_measure_that_failed_is_not_right(results: dict[str, Any]) -> None:
    assert not is_right(results, ["throughput"])
    assert not is_right({"start": {"failed": "why"}}, ["start"])
    assert is_right({"start": {"seconds": {}}}, ["start"])


def test_a_goal_that_was_missed_says_what_bounds_it(results: dict[str, Any], tmp_path: Path) -> None:
    write_report(results, tmp_path / "benchmarks.md")

    assert [goal.what for goal in missed(results)] == ["against Flink"]
    assert all(goal.bound for goal in missed(results))
    assert "## What was missed, and what bounds it" in (tmp_path / "benchmarks.md").read_text()
