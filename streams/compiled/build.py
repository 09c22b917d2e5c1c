"""Compiles the modules: Cython writes C, setuptools compiles it, and a rename puts all of it in its place at once."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from streams.compiled.compiler import NoCompilerError, command, require_compiler
from streams.compiled.form import VARIABLE, Stamp
from streams.compiled.sources import DIRECTIVES, FLAGS, SOABI, Sources, digest
from weir.errors import WorkError

_HALF_MADE = ".making-"
_FORGOTTEN_S = 3600
"""What a killed build left is removed by a later one, when no build can be at work on it any more."""
_SETUP = """
import json, sys
from setuptools import Extension, setup
asked = json.loads(sys.argv.pop(1))
setup(
    name="built",
    py_modules=[],
    ext_modules=[
        Extension(name, [name.replace(".", "/") + ".c"], extra_compile_args=asked["flags"])
        for name in asked["modules"]
    ],
)
"""


class BuildError(WorkError):
    """Cython or the compiler refused; `output` is their output."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(what, "`python -m streams.compiled build` shows why.")
        self.output = output


def build(sources: Sources, *, into: Path | None = None) -> bool:
    """Compiles all modules, unless just that is there already; returns whether there was something to do.

    Args:
        sources: the modules.
        into: another folder than the sources' own, for a package that is being made.

    Raises:
        NoCompilerError: there is no compiler, or no Cython.
        BuildError: they are there, and refused.
    """
    target = into or sources.built
    cython = _cython()
    files = sources.read()
    wanted = digest(files, cython)
    if _is_current(target, wanted):
        return False
    require_compiler()
    with _half_made(target.parent) as folder:
        _write(folder / "c", files, sources.modules)
        _translate(folder / "c", [name for name in files if name.endswith(".py")])
        _compile(folder / "c", sources.modules)
        made = folder / "c" / "made"
        stamp = Stamp(wanted, cython, SOABI, {str(one.relative_to(made)): _hash(one) for one in _binaries(made)})
        stamp.write(made)
        if target.exists():
            target.rename(folder / "old")
        made.rename(target)
    return True


def _is_current(target: Path, wanted: str) -> bool:
    try:
        stamp = Stamp.read(target)
        return stamp.digest == wanted and all(_hash(target / name) == one for name, one in stamp.binaries.items())
    except (OSError, ValueError):
        return False


def _cython() -> str:
    try:
        return importlib.metadata.version("cython")
    except importlib.metadata.PackageNotFoundError:
        raise NoCompilerError("no Cython in this environment", "`make setup` installs it.") from None


@contextmanager
def _half_made(parent: Path) -> Iterator[Path]:
    """A folder beside the target, so that one rename is enough; what killed builds left beside it is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_HALF_MADE}*"):
        if time.time() - left.stat().st_mtime > _FORGOTTEN_S:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_HALF_MADE, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes], modules: Sequence[str]) -> None:
    """Writes the files that were read and hashed, so that an edit meanwhile does not get into the build."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for module in modules:
        for above in Path(module.replace(".", "/")).parents[:-1]:
            (folder / above / "__init__.py").touch()


def _translate(folder: Path, names: Sequence[str]) -> None:
    directives = [part for directive in DIRECTIVES for part in ("-X", directive)]
    _run(folder, "Cython refused the sources.", ["-m", "cython", *directives, *names], {})


def _compile(folder: Path, modules: Sequence[str]) -> None:
    asked = json.dumps({"modules": list(modules), "flags": list(FLAGS)})
    options = ["build_ext", "--build-lib", "made", "--build-temp", "temp", "--parallel", str(os.cpu_count() or 1)]
    _run(folder, "The C compiler refused what Cython wrote.", ["-c", _SETUP, asked, *options], {"CC": command()})


def _run(folder: Path, refused: str, arguments: Sequence[str], more: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 -- this interpreter, with arguments of our own
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | dict(more) | {VARIABLE: "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(refused, done.stdout)


def _binaries(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
