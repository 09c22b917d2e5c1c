"""`python -m bench.instructions`: is the fold slower than it was, by the instructions that it takes?

Callgrind counts them, so nothing depends on what else the machine does: the same code, interpreter and libraries give
the same number within a thousandth. Exit code 0, or 1 where an event takes more than the baseline and `TOLERANCE`;
where a number is missing for this interpreter, or there is no valgrind, it says so and ends well (`--strict`: 1).
`--update` writes the baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from streams.compiled.form import form

EVENTS = 4_000
TOLERANCE = 0.05
BASELINE = Path(__file__).parent / "baseline.json"
ROOT = Path(__file__).parents[2]
_COLLECTED = re.compile(r"Collected : (\d+)")


def main() -> int:
    """Counts and compares."""
    parser = argparse.ArgumentParser(prog="make instructions", description="Instructions an event takes.")
    parser.add_argument("--update", action="store_true", help="what is counted now becomes the baseline")
    parser.add_argument("--strict", action="store_true", help="fails where nothing can be compared")
    given = parser.parse_args()
    if not shutil.which("valgrind") or not shutil.which("callgrind_control"):
        return _skip("There is no valgrind here; on Debian and Ubuntu: apt-get install valgrind.", strict=given.strict)
    count = instructions_an_event(EVENTS)
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if given.update:
        BASELINE.write_text(json.dumps(known | {interpreter(): round(count)}, indent=1, sort_keys=True) + "\n")
        return _tell(f"{count:,.0f} instructions an event are the baseline of {interpreter()} now.")
    if interpreter() not in known:
        return _skip(
            f"{count:,.0f} instructions an event; there is no baseline of {interpreter()}.", strict=given.strict
        )
    baseline = known[interpreter()]
    change = count / baseline - 1.0
    said = f"{count:,.0f} instructions an event, {change:+.1%} against the baseline of {baseline:,}."
    if change > TOLERANCE:
        sys.stdout.write(f"{said} The fold is slower: find out why, or renew the baseline with its reason.\n")
        return 1
    return _tell(f"{said} The baseline may be renewed: --update." if change < -TOLERANCE else said)


def interpreter() -> str:
    """What a baseline holds for: this interpreter, and the form in which the fold runs."""
    name = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}-{platform.machine()}"
    return f"{name}-compiled" if form().is_compiled else name


def instructions_an_event(events: int) -> float:
    """Counted over a second fold of so many events, after a first that warmed the caches.

    Raises:
        RuntimeError: callgrind could not count.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out"]
        program = [sys.executable, "-m", "bench.instructions.fold", str(events), "callgrind_control"]
        done = subprocess.run(
            [*command, *program],
            cwd=ROOT,
            # Sets and dictionaries of strings are walked in the same order each time.
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = _COLLECTED.search(done.stderr)
    if done.returncode or found is None or not int(found[1]):
        raise RuntimeError(f"callgrind counted nothing: {done.stderr.strip()[-500:]}")
    return int(found[1]) / events


def _skip(reason: str, *, strict: bool) -> int:
    sys.stdout.write(f"{reason}\n")
    return int(strict)


def _tell(what: str) -> int:
    sys.stdout.write(f"{what}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
