"""The compiled form runs if it was built of just the sources on disk and can be loaded; else plain Python."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tomllib
from pathlib import Path

import pytest

from streams.compiled.form import STAMP, VARIABLE, decide
from streams.compiled.sources import MODULES, Sources
from tests.streams.compiled.trees import ROOT, TOYS, build_or_skip, run_in, toy_sources

SHOW = """
from pathlib import Path
import sys
from streams.compiled.form import decide
from streams.compiled.loader import CompiledFinder
from streams.compiled.sources import Sources
sys.meta_path.insert(0, CompiledFinder(decide(Sources(Path.cwd(), ("toys.one", "toys.two")))))
import toys.one
print(toys.one.form(), toys.one.twice(4))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    sources = toy_sources(tmp_path_factory.mktemp("toys") / "tree")
    build_or_skip(sources)
    return sources


@pytest.fixture
def sources(built: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """A tree of the test's own, compiled."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return Sources(shutil.copytree(built.root, tmp_path / "tree"), TOYS)


def test_equal_sources_run_compiled_under_their_usual_names(sources: Sources) -> None:
    assert decide(sources).is_compiled
    done = run_in(sources.root, "-c", SHOW)
    assert done.stdout.split() == ["so", "8"], done.stderr


def test_the_switch_runs_plain_python(sources: Sources) -> None:
    done = run_in(sources.root, "-c", SHOW, WEIR_COMPILED="0")
    assert done.stdout.split() == ["py", "8"], done.stderr


def test_an_edited_source_runs_all_modules_as_plain_python(sources: Sources) -> None:
    two = sources.root / "toys" / "two.py"
    two.write_text(two.read_text().replace("2 *", "3 *"))
    assert decide(sources).why == "the sources are not those that were compiled"
    done = run_in(sources.root, "-c", SHOW)
    assert done.stdout.split() == ["py", "12"], done.stderr
    assert done.stderr == ""


def test_declarations_beside_a_module_are_part_of_its_source(sources: Sources) -> None:
    (sources.root / "toys" / "two.pxd").touch()
    assert not decide(sources).is_compiled


def test_without_a_build_plain_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert str(decide(toy_sources(tmp_path / "tree"))) == "plain Python (not compiled here)"


@pytest.mark.parametrize("left", [0, 100, 5000])
def test_a_binary_that_was_cut_off_is_told_once_and_plain_python_runs(sources: Sources, left: int) -> None:
    binary = next(sources.built.rglob("two*"))
    binary.write_bytes(binary.read_bytes()[:left])
    done = run_in(sources.root, "-c", SHOW)
    assert done.stdout.split() == ["py", "8"], done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "plain Python runs instead" in done.stderr


def test_a_binary_that_is_whole_but_none_is_told_too(sources: Sources, caplog: pytest.LogCaptureFixture) -> None:
    binary = next(sources.built.rglob("two*"))
    binary.write_bytes(b"no binary")
    stamp = sources.built / STAMP
    said = json.loads(stamp.read_text())
    said["binaries"][str(binary.relative_to(sources.built))] = hashlib.sha256(b"no binary").hexdigest()
    stamp.write_text(json.dumps(said))
    with caplog.at_level(logging.WARNING):
        assert decide(sources).is_broken
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"binaries": 1}'])
def test_a_stamp_that_is_none_is_told_and_plain_python_runs(sources: Sources, text: str) -> None:
    (sources.built / STAMP).write_text(text)
    assert decide(sources).is_broken


def test_a_binary_that_is_gone_is_told_and_plain_python_runs(sources: Sources) -> None:
    next(sources.built.rglob("two*")).unlink()
    assert decide(sources).is_broken


def test_every_declared_module_is_there() -> None:
    assert len(Sources().read()) >= len(MODULES) == len(set(MODULES))


def test_packages_carry_the_declarations_that_the_modules_were_compiled_with() -> None:
    """Without them a wheel's own build would count as one of other sources, and plain Python would run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = project["tool"]["setuptools"]["package-data"]["*"]
    declared = [name for name in Sources().read() if name.endswith(".pxd")]
    assert declared
    assert "*.pxd" in shipped
