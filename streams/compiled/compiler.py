"""The C compiler: which one there is, and whether it compiles for this interpreter."""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from weir.errors import WorkError

_TRIAL_S = 60


class NoCompilerError(WorkError):
    """Nothing can be compiled here, and nothing is wrong with that: plain Python runs."""


def command() -> str:
    """The compiler's command: `CC`, else `cc`."""
    return os.environ.get("CC") or "cc"


def require_compiler() -> None:
    """Compiles two lines, and two that need the interpreter's headers.

    Raises:
        NoCompilerError: there is no compiler that works, or the headers lack.
    """
    called = f"CC={os.environ['CC']}" if os.environ.get("CC") else "cc"
    if not _compiles("int one;\n"):
        raise NoCompilerError(f"no C compiler: {called} compiles nothing", "On Debian and Ubuntu: apt-get install gcc")
    if not _compiles("#include <Python.h>\nint one;\n"):
        raise NoCompilerError("no Python.h", "On Debian and Ubuntu: apt-get install python3-dev")


def _compiles(text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "trial.c"), Path(folder, "trial.o")
        source.write_text(text)
        includes = [f"-I{sysconfig.get_path(name)}" for name in ("include", "platinclude")]
        try:
            done = subprocess.run(  # noqa: S603 -- the compiler that the environment names
                [*shlex.split(command()), *includes, "-c", str(source), "-o", str(made)],
                capture_output=True,
                timeout=_TRIAL_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return False
        # `true` ends well too, and makes nothing.
        return done.returncode == 0 and made.exists()
