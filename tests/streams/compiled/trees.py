"""Trees with small modules to compile, since the real ones take a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.compiled.build import build
from streams.compiled.compiler import NoCompilerError
from streams.compiled.sources import MODULES, Sources

ROOT = Path(__file__).parents[3]
TOYS = ("toys.one", "toys.two")
ONE = "from toys.two import twice\n\n\ndef form() -> str:\n    return __file__.rpartition('.')[2]\n"
TWO = "def twice(number: int) -> int:\n    return 2 * number\n"


def toy_sources(root: Path) -> Sources:
    """A tree of two modules that can be compiled in seconds."""
    (root / "toys").mkdir(parents=True)
    (root / "toys" / "__init__.py").touch()
    (root / "toys" / "one.py").write_text(ONE)
    (root / "toys" / "two.py").write_text(TWO)
    return Sources(root, TOYS)


def small_tree(root: Path) -> Path:
    """The real packages as far as `python -m streams.compiled` needs them, with next to nothing in each module."""
    ignored = shutil.ignore_patterns("built", "__pycache__")
    shutil.copytree(ROOT / "streams" / "compiled", root / "streams" / "compiled", ignore=ignored)
    bare = shutil.ignore_patterns("built", "__pycache__", "*.pxd")
    shutil.copytree(ROOT / "streams" / "sessionize", root / "streams" / "sessionize", ignore=bare)
    (root / "weir").mkdir()
    for name in ("streams/__init__.py", "weir/__init__.py", "weir/errors.py"):
        shutil.copy(ROOT / name, root / name)
    for module in MODULES:
        (root / f"{module.replace('.', '/')}.py").write_text("number = 1\n")
    return root


def run_in(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """An interpreter that finds the tree's packages before all others."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment(root, more), capture_output=True, text=True, check=False
    )


def environment(root: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment for `run_in`, without what this process's own says of the two forms."""
    # Then the project itself: an installation that can be edited is found later than a folder without modules.
    path = os.pathsep.join([str(root), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {name: value for name, value in os.environ.items() if name != "WEIR_COMPILED"} | {"PYTHONPATH": path, **more}


def build_or_skip(sources: Sources) -> None:
    """Builds; skips the test where there is nothing to build with, but not where all must be there."""
    try:
        build(sources)
    except NoCompilerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def compiler_script(folder: Path, for_modules: str) -> str:
    """A compiler that passes the trial, and does as said with what Cython wrote."""
    script = folder / "compiler"
    script.write_text(f'#!/bin/sh\ncase "$*" in *trial.c*) exec cc "$@";; esac\n{for_modules}\n')
    script.chmod(0o755)
    return str(script)
