"""Which of the two forms runs in this process, and why: decided once, before any of the modules is imported."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

from streams.compiled.sources import SOABI, Sources, digest

VARIABLE = "WEIR_COMPILED"
"""The environment's switch: `0` runs plain Python, also if a build exists."""
STAMP = "built.json"

log = logging.getLogger("weir.compiled")


@dataclass(frozen=True)
class Stamp:
    """Description of a build. It is written last, so a build without it is incomplete.

    Plain JSON by the standard library: a wheel is built where nothing else is installed.
    """

    digest: str
    cython: str
    soabi: str
    binaries: dict[str, str]
    """Each module's file, under the folder of the build, to that file's hash."""

    @classmethod
    def read(cls, folder: Path) -> Stamp:
        """The build's in this folder.

        Raises:
            OSError: there is none that can be read.
            ValueError: it is no stamp.
        """
        try:
            stamp = json.loads((folder / STAMP).read_bytes())
            binaries = {str(name): str(one) for name, one in stamp["binaries"].items()}
            return cls(str(stamp["digest"]), str(stamp["cython"]), str(stamp["soabi"]), binaries)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{folder / STAMP} is no stamp") from error

    def write(self, folder: Path) -> None:
        """Ends a build."""
        (folder / STAMP).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Form:
    """The form that runs; `why` is the reason if it is not the compiled one."""

    why: str = ""
    cython: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Each compiled module's binary; empty for plain Python."""
    is_broken: bool = False
    """Whether something was built that should run here, and can't."""

    @property
    def is_compiled(self) -> bool:
        """Whether binaries run."""
        return bool(self.files)

    def __str__(self) -> str:
        if self.is_compiled:
            return f"compiled ({len(self.files)} modules, by Cython {self.cython})"
        return f"plain Python ({self.why})"


@cache
def form() -> Form:
    """The form that this process runs."""
    return decide(Sources())


def decide(sources: Sources) -> Form:
    """The compiled form if it was built of exactly the sources on disk and all of it can be loaded, else the plain one.

    Args:
        sources: the modules, and the folder of their build.
    """
    if os.environ.get(VARIABLE) == "0":
        return Form(f"{VARIABLE}=0")
    try:
        stamp = Stamp.read(sources.built)
        files = sources.read()
    except FileNotFoundError:
        return Form("not compiled here")
    except (OSError, ValueError) as error:
        return _broken(sources, error)
    if stamp.soabi != SOABI or stamp.digest != digest(files, stamp.cython):
        return Form("the sources are not those that were compiled")
    try:
        found = {module: _loadable(sources.built, module, stamp.binaries) for module in sources.modules}
    except (OSError, ImportError, ValueError) as error:
        return _broken(sources, error)
    return Form(cython=stamp.cython, files=found)


def spec_of(module: str, file: Path) -> ModuleSpec:
    """How to load a module's binary.

    Raises:
        ImportError: the file is of no kind that can be loaded.
    """
    spec = spec_from_file_location(module, file, loader=ExtensionFileLoader(module, str(file)))
    if spec is None:
        raise ImportError(f"{file} can't be loaded")
    return spec


def _loadable(folder: Path, module: str, binaries: Mapping[str, str]) -> Path:
    """A module's binary, after a look at it: to open one that was cut off can kill the process."""
    [name] = [one for one in binaries if one.partition(".")[0].replace("/", ".") == module]
    file = folder / name
    if hashlib.sha256(file.read_bytes()).hexdigest() != binaries[name]:
        raise ImportError(f"{file} is not the file that was built")
    spec = spec_of(module, file)
    if spec.loader is not None:
        spec.loader.create_module(spec)
    return file


def _broken(sources: Sources, error: Exception) -> Form:
    log.warning("the compiled modules in %s can't be used, plain Python runs instead: %s", sources.built, error)
    return Form("the compiled modules can't be loaded", is_broken=True)
