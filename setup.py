"""The part of packaging that needs code: wheels with the compiled modules, where `WEIR_BUILD_COMPILED=1` asks for them.

Without it, a wheel is plain Python for every platform. In a checkout, `python -m streams.compiled build` compiles.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
IS_COMPILED = os.environ.get("WEIR_BUILD_COMPILED") == "1"
sys.path.insert(0, str(HERE))


class BuildCompiled(build_py):
    """Puts the compiled modules beside `streams/compiled`, as a build in a checkout does."""

    def run(self) -> None:
        """Copies the packages, then compiles what is declared."""
        super().run()
        if IS_COMPILED and not self.editable_mode:
            from streams.compiled.build import build  # noqa: PLC0415 -- only a compiled wheel needs it
            from streams.compiled.sources import Sources  # noqa: PLC0415

            sources = Sources(HERE)
            build(sources, into=Path(self.build_lib).resolve() / sources.built.relative_to(HERE))


class Compiled(Distribution):
    """A wheel for one interpreter and platform."""

    def has_ext_modules(self) -> bool:
        """Whether there are binaries in it."""
        return IS_COMPILED


setup(cmdclass={"build_py": BuildCompiled}, distclass=Compiled)
