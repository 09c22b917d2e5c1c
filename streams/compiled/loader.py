"""Gives the interpreter the compiled modules under their usual names; installed before any of them is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from streams.compiled.form import Form, form, spec_of


class CompiledFinder(MetaPathFinder):
    """Finds the modules that a form has binaries for, and leaves all others to the finders behind it."""

    def __init__(self, running: Form) -> None:
        self._files = running.files

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 -- likewise
    ) -> ModuleSpec | None:
        """The binary of a compiled module; None for every other module."""
        file = self._files.get(fullname)
        return None if file is None else spec_of(fullname, file)


def install() -> None:
    """Puts the finder before the others, if the compiled form runs; a second call does nothing."""
    running = form()
    if running.is_compiled and not any(isinstance(finder, CompiledFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, CompiledFinder(running))
