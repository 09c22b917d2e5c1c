"""`python -m streams.compiled`: `build` compiles, `setup` compiles if that is possible, `form` prints what runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from streams.compiled.build import BuildError, build
from streams.compiled.compiler import NoCompilerError
from streams.compiled.form import STAMP, VARIABLE, decide
from streams.compiled.sources import MODULES, Sources

SEE = f"{sys.executable} -m streams.compiled build"


def main() -> int:
    """Runs the given action; the exit code is 1 only if `build` made nothing that runs."""
    parser = argparse.ArgumentParser(prog="python -m streams.compiled", description=__doc__)
    parser.add_argument("what", choices=("build", "setup", "form"))
    wanted = parser.parse_args()
    if wanted.what == "form":
        return _say(f"Weir runs as {decide(Sources())}.")
    return _setup() if wanted.what == "setup" else _build()


def _build() -> int:
    try:
        is_new = _build_and_prove()
    except BuildError as error:
        return _say(f"{error.output}\n{error.message}", 1)
    except NoCompilerError as error:
        return _say(f"Nothing was compiled: {error}", 1)
    running = decide(Sources())
    rest = "" if is_new else " There was nothing to do."
    return _say(f"Weir runs as {running}.{rest}", 0 if running.is_compiled or os.environ.get(VARIABLE) == "0" else 1)


def _build_and_prove() -> bool:
    """Builds, and imports all that was built; what can't be imported is no build."""
    is_new = build(Sources())
    code = f"import {', '.join(MODULES)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    if done.returncode:
        (Sources().built / STAMP).unlink(missing_ok=True)
        raise BuildError("What was compiled can't be imported.", done.stderr)
    return is_new


def _setup() -> int:
    """For `make setup`, which must not fail by it: one sentence on the form that was made, and why."""
    if os.environ.get(VARIABLE) == "0":
        return _say(f"Weir runs as plain Python ({VARIABLE}=0).")
    if os.environ.get("CC") == "false":
        return _say("Weir runs as plain Python (CC=false).")
    try:
        _build_and_prove()
    except NoCompilerError as error:
        return _say(f"Weir runs as plain Python ({error.message}); it does the same. {error.hint}".strip())
    except Exception as error:  # noqa: BLE001 -- after any error the plain form runs
        return _say(f"Weir runs as plain Python: it could not be compiled ({error!s:.200}). To see why: {SEE}")
    return _say(f"Weir runs as {decide(Sources())}.")


def _say(text: str, code: int = 0) -> int:
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
