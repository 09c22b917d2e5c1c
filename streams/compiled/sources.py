"""Which modules are compiled, how, and the one hash over all that a build is made of."""

from __future__ import annotations

import hashlib
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODULES = tuple(
    f"streams.sessionize.{name}"
    for name in (
        "deadlines",
        "dedupe",
        "fold",
        "moving",
        "open_session",
        "partition_fold",
        "paths",
        "placement",
        "posting",
        "publish",
        "spending",
        "subjects",
        "visitors",
    )
)
"""The fold's hot path: what is done for each event. A module with a `.pxd` beside it is compiled with it."""
DIRECTIVES = ("annotation_typing=False", "binding=True", "language_level=3")
"""Annotations stay what they are to Python, and functions can be looked at: both forms behave alike."""
FLAGS = ("-O2", "-g0")
SOABI = str(sysconfig.get_config_var("SOABI") or "")
"""The interpreter and the platform that a binary is for."""


@dataclass(frozen=True)
class Sources:
    """The modules of a tree, and the folder that their binaries belong into.

    Args:
        root: the folder that the packages lie in.
        modules: by their full names; all of them are compiled, or none.
    """

    root: Path = Path(__file__).parents[2]
    modules: tuple[str, ...] = MODULES

    @property
    def built(self) -> Path:
        """Where the binaries for this interpreter lie: never beside the sources."""
        return self.root / "streams" / "compiled" / "built" / SOABI

    def read(self) -> Mapping[str, bytes]:
        """Each file that is compiled, as it is on disk now, by its path under the root.

        Raises:
            OSError: a module's source can't be read.
        """
        found = {}
        for module in self.modules:
            path = module.replace(".", "/")
            found[f"{path}.py"] = (self.root / f"{path}.py").read_bytes()
            declarations = self.root / f"{path}.pxd"
            if declarations.exists():
                found[f"{path}.pxd"] = declarations.read_bytes()
        return found


def digest(files: Mapping[str, bytes], cython: str) -> str:
    """One hash over all files, Cython's version, how it is called, and the interpreter.

    Args:
        files: as `Sources.read` gives them.
        cython: the version that compiles, or that compiled.
    """
    parts = [cython, SOABI, *DIRECTIVES, *FLAGS]
    whole = hashlib.sha256()
    for part in [*(part.encode() for part in parts), *(one for name in sorted(files) for one in (name, files[name]))]:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()
