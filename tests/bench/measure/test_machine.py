from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.measure.machine import commit, load, machine, versions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    (tmp_path / "code.py").write_text("1")
    for command in (("init", "-q"), ("add", "."), (*name, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_tree_is_clean_whatever_the_benchmark_itself_writes(tree: Path) -> None:
    for written in ("bench/results/start.json", "docs/benchmarks.md", "docs/benchmarks/start.svg"):
        (tree / written).parent.mkdir(parents=True, exist_ok=True)
        (tree / written).write_text("x")

    assert commit(tree).clean
    assert len(commit(tree).name) == 40


@pytest.mark.parametrize("file", ["code.py", "bench/other.py"])
def test_a_tree_with_other_changes_is_not_clean(tree: Path, file: str) -> None:
    (tree / file).parent.mkdir(exist_ok=True)
    (tree / file).write_text("2")

    assert not commit(tree).clean


def test_without_a_repository_the_commit_is_unknown(tmp_path: Path) -> None:
    found = commit(tmp_path)

    assert (found.name, found.clean) == ("", False)


def test_the_machine_and_versions_are_told() -> None:
    assert machine().processors > 0
    assert machine().memory_gib > 0
    assert {"Python", "Kafka", "weir", "msgspec"} <= set(versions())
    assert len(load()) == 3
