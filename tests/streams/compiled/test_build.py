"""A build is there as a whole or not at all, and the want of a compiler is no failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.compiled.build import BuildError, build
from streams.compiled.compiler import NoCompilerError
from streams.compiled.form import VARIABLE, decide
from tests.streams.compiled.trees import build_or_skip, compiler_script, environment, run_in, small_tree, toy_sources
from tests.support.polling import eventually

BUILD = """
from pathlib import Path
from streams.compiled.build import build
from streams.compiled.sources import Sources
build(Sources(Path.cwd(), ("toys.one", "toys.two")))
"""


@pytest.fixture(autouse=True)
def _no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.slow
def test_what_is_built_already_is_not_built_again_and_an_edit_is(tmp_path: Path) -> None:
    sources = toy_sources(tmp_path / "tree")
    build_or_skip(sources)
    assert decide(sources).is_compiled
    assert not build(sources)
    (sources.root / "toys" / "two.py").write_text("def twice(number: int) -> int:\n    return number + number\n")
    assert not decide(sources).is_compiled
    assert build(sources)
    assert decide(sources).is_compiled
    assert list(sources.built.parent.iterdir()) == [sources.built]


@pytest.mark.slow
def test_a_killed_build_leaves_nothing_that_is_used_and_a_later_one_removes_it(tmp_path: Path) -> None:
    sources = toy_sources(tmp_path / "tree")
    build_or_skip(sources)
    (sources.root / "toys" / "two.py").write_text("twice = 7\n")
    begun = tmp_path / "begun"
    compiler = compiler_script(tmp_path, f"touch {begun}; sleep 300")
    building = subprocess.Popen(
        [sys.executable, "-c", BUILD],
        cwd=sources.root,
        env=environment(sources.root, {"CC": compiler}),
        start_new_session=True,
    )
    eventually(begun.exists)
    os.killpg(building.pid, signal.SIGKILL)
    building.wait()
    [left] = sources.built.parent.glob(".making-*")
    assert not decide(sources).is_compiled
    build(sources)
    assert decide(sources).is_compiled
    assert left.exists(), "another build could be at work on it"
    os.utime(left, (0, 0))
    (sources.root / "toys" / "two.py").write_text("twice = 8\n")
    build(sources)
    assert not left.exists()


def test_a_source_that_cython_refuses_is_told_with_its_words(tmp_path: Path) -> None:
    sources = toy_sources(tmp_path / "tree")
    build_or_skip(sources)
    (sources.root / "toys" / "two.py").write_text("def (:\n")
    with pytest.raises(BuildError) as refused:
        build(sources)
    assert "two.py" in refused.value.output


@pytest.mark.parametrize("compiler", ["false", "true", "/no/such/compiler", "'"])
def test_what_is_no_compiler_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str) -> None:
    pytest.importorskip("Cython")
    monkeypatch.setenv("CC", compiler)
    with pytest.raises(NoCompilerError, match="no C compiler"):
        build(toy_sources(tmp_path / "tree"))


def test_setup_ends_well_without_a_compiler_and_says_so(tmp_path: Path) -> None:
    tree = small_tree(tmp_path / "tree")
    for more, why in (
        ({"CC": "false"}, "CC=false"),
        ({VARIABLE: "0"}, "WEIR_COMPILED=0"),
        ({"CC": "/no/such/compiler"}, "/no/such/compiler"),
    ):
        done = run_in(tree, "-m", "streams.compiled", "setup", **more)
        assert done.returncode == 0, done.stderr
        assert "plain Python" in done.stdout
        assert why in done.stdout or "no Cython" in done.stdout


@pytest.mark.slow
def test_setup_ends_well_where_the_compiler_refuses_and_says_how_to_see_it(tmp_path: Path) -> None:
    build_or_skip(toy_sources(tmp_path / "toys"))
    tree = small_tree(tmp_path / "tree")
    compiler = compiler_script(tmp_path, "echo this is the reason >&2; exit 1")
    done = run_in(tree, "-m", "streams.compiled", "setup", CC=compiler)
    assert done.returncode == 0, done.stderr
    assert "could not be compiled" in done.stdout
    assert "-m streams.compiled build" in done.stdout
    seen = run_in(tree, "-m", "streams.compiled", "build", CC=compiler)
    assert seen.returncode == 1
    assert "this is the reason" in seen.stdout


@pytest.mark.slow
def test_setup_compiles_and_says_so(tmp_path: Path) -> None:
    build_or_skip(toy_sources(tmp_path / "toys"))
    tree = small_tree(tmp_path / "tree")
    done = run_in(tree, "-m", "streams.compiled", "setup")
    assert done.returncode == 0, done.stderr
    assert "Weir runs as compiled" in done.stdout
    assert "There was nothing to do" in run_in(tree, "-m", "streams.compiled", "build").stdout
