"""Python environments for what must not share Weir's: peers, and tools that watch a worker from outside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.unavailable import UnavailableError

INSTALL_S = 600


def python_of(name: str, requirements: Sequence[str], home: Path) -> Path:
    """The interpreter of an environment with these packages; made where there is none with just these.

    Raises:
        UnavailableError: it does not install.
    """
    environment = home.absolute() / "environments" / name
    interpreter, marker = environment / "bin" / "python", environment / "installed"
    wanted = "\n".join(requirements)
    if not marker.exists() or marker.read_text() != wanted:
        _install(requirements, environment, interpreter)
        marker.write_text(wanted)
    return interpreter


def _install(requirements: Sequence[str], environment: Path, interpreter: Path) -> None:
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "-q", "--clear", "--python", sys.executable, str(environment)],
        [*uv, "pip", "install", "-q", "--system-certs", "--python", str(interpreter), *requirements],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        if done.returncode:
            raise UnavailableError(f"it does not install: {done.stderr.strip().splitlines()[-1:]}")
