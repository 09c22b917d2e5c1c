"""The layers hold, and each contract would find what breaks it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.picture import mermaid, with_picture
from tests.architecture.rooms import PACKAGES, ROOT, Edge, Layers, cycle, edges, upward

LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def layers() -> Layers:
    return Layers.from_project()


@pytest.fixture(scope="module")
def graph(layers: Layers) -> dict[Edge, int]:
    return dict(edges(layers))


def test_every_module_lies_in_a_room_and_no_edge_goes_up_or_in_a_circle(layers: Layers, graph: dict[Edge, int]) -> None:
    assert not list(upward(layers, graph))
    assert not cycle(graph)


def test_an_edge_upwards_between_siblings_or_in_a_circle_is_found(layers: Layers) -> None:
    wrong = {("weir.contracts", "weir.settings"): 1, ("streams.join", "streams.score"): 1}
    assert set(upward(layers, wrong)) == set(wrong)
    assert cycle({("a", "b"): 1, ("b", "c"): 1, ("c", "b"): 1, ("c", "d"): 1}) == ["a", "b", "c"]


def test_the_picture_in_the_design_page_is_of_this_tree(layers: Layers, graph: dict[Edge, int]) -> None:
    page = (ROOT / "docs" / "design.md").read_text()
    assert with_picture(page, mermaid(layers, graph)) == page, "run `python -m tests.architecture --write`"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's packages alone, to plant things in."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


PLANTED = {
    ("weir/contracts/label.py", "weir.settings"): "layers",
    ("weir/kafka/reader.py", "streams.task"): "layers",
    ("rules/kinds.py", "streams.decode"): "layers",
    ("streams/join/match.py", "streams.score.flags"): "layers",
    ("streams/sessionize/fold.py", "streams.engine.stamp"): "layers",
    ("streams/replay/log.py", "streams.stages"): "layers",
    ("weir/asgi/standing.py", "streams.worker"): "layers",
    ("rules/limits/budgets.py", "rules.cascade"): "rules",
    ("models/labels/trust.py", "models.training.trainer"): "models",
    ("weir/console/store/search.py", "weir.console.html"): "console",
    ("models/gate/evaluation.py", "weir.kafka.records"): "no-kafka-in-rules-and-models",
    ("streams/score/flags.py", "weir.kafka.sender"): "no-client-in-steps",
    ("weir/cli/tail.py", "confluent_kafka"): "one-room-for-kafka",
    ("weir/asgi/middleware.py", "rules.kinds"): "guests",
}
"""Module and import that breaks a contract, to that contract's id."""


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LINT), "--no-logo", "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)


def test_each_contract_is_kept_by_the_tree_as_it_is(tree: Path) -> None:
    found = lint(tree)
    assert found.returncode == 0, found.stdout


def test_what_breaks_a_contract_is_found(tree: Path, tmp_path: Path) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    names = {contract["id"]: contract["name"] for contract in declared}
    assert set(PLANTED.values()) == set(names), "a contract without a violation that it finds"
    broken = shutil.copytree(tree, tmp_path / "broken")
    for module, imported in PLANTED:
        file = broken / module
        first = "from __future__ import annotations\n"
        file.write_text(file.read_text().replace(first, f"{first}import {imported}\n", 1))
    found = lint(broken)
    assert found.returncode == 1
    # Each broken contract is told in a section under its name, underlined, with the imports that break it.
    parts = re.split(r"\n(.+)\n-{10,}\n", found.stdout)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    for (module, imported), contract in PLANTED.items():
        importer = module.removesuffix(".py").replace("/", ".")
        assert re.search(rf"{importer} -> {imported}\b", sections[names[contract]]), (importer, imported)
