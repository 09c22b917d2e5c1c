"""Weir in two forms: with its compiled modules, and as pure Python. Compared only where both are there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from bench.unavailable import UnavailableError

PURE = {"WEIR_COMPILED": "0"}
"""What a worker's environment says to leave compiled modules alone."""
ASK = """
import sys
import streams.worker
own = ("streams", "rules", "models", "weir")
found = [name for name, module in sys.modules.items() if name.partition(".")[0] in own]
print(sum(1 for name in found if str(getattr(sys.modules[name], "__file__", "")).endswith((".so", ".pyd"))))
"""


def require_two_forms() -> None:
    """Does nothing where modules are compiled, and the environment turns them off.

    Raises:
        UnavailableError: there is only one form, so that there is nothing to compare.
    """
    if not _compiled({}):
        raise UnavailableError("none of Weir's modules is compiled here: there is only the form in Python")
    if _compiled(PURE):
        raise UnavailableError(f"{next(iter(PURE))} does not turn the compiled modules off")


def _compiled(more: Mapping[str, str]) -> int:
    """How many of the modules that a worker imports are compiled."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=os.environ | dict(more), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UnavailableError(f"the worker can't be imported: {done.stderr.strip()[-200:]}")
    return int(done.stdout)
