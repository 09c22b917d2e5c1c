"""The layers hold, and each contract would find what breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def lint(tree: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-logo", "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("contract", "module", "planted"),
    [
        ("layers", "weir/contracts/label.py", "import weir.settings"),
        ("layers", "weir/kafka/reader.py", "import streams.task"),
        ("layers", "rules/kinds.py", "import streams.decode"),
        ("layers", "streams/join/match.py", "import streams.score.flags"),
        ("layers", "streams/sessionize/fold.py", "import streams.engine.stamp"),
        ("layers", "streams/replay/log.py", "import streams.stages"),
        ("layers", "weir/asgi/standing.py", "import streams.worker"),
        ("rules", "rules/limits/budgets.py", "import rules.cascade"),
        ("no-kafka-in-rules-and-models", "models/gate.py", "import weir.kafka.records"),
        ("no-client-in-steps", "streams/score/flags.py", "import weir.kafka.sender"),
        ("one-room-for-kafka", "weir/cli/tail.py", "import confluent_kafka"),
        ("guests", "weir/asgi/standing.py", "import rules.kinds"),
    ],
)
def test_what_breaks_a_contract_is_found(tree: Path, contract: str, module: str, planted: str) -> None:
    file = tree / module
    whole = file.read_text()
    file.write_text(
        whole.replace("from __future__ import annotations\n", f"from __future__ import annotations\n{planted}\n", 1)
    )
    try:
        found = lint(tree, contract)
    finally:
        file.write_text(whole)
    assert found.returncode == 1, found.stdout
    assert planted.removeprefix("import ") in found.stdout


def test_each_contract_is_kept_by_the_tree_as_it_is(tree: Path) -> None:
    found = subprocess.run([LINT, "--no-logo", "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
