"""How fast sessions come back: `bench/measures/recovery.py`, which kills a worker and watches its successor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measures.results import say

ROOT = Path(__file__).parents[2]
LONGEST_S = 600.0


def measure_recovery(sessions: int, home: Path) -> dict[str, Any]:
    """Sessions that sessionize reads back in a second, in a worker that runs it alone, all its partitions at once.

    Raises:
        RuntimeError: not all came back, or something was served too soon.
    """
    folder = home / "recovery"
    given = ["--sessions", str(sessions), "--stages", "sessionize", "--json", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.measures.recovery", *given],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The recovery failed: {done.stdout[-500:]}")
    figures = json.loads(done.stdout)
    seconds = figures["stages"]["sessionize"]["longest_s"]
    say(f"{sessions / seconds:,.0f} sessions a second")
    return {
        "sessions": sessions,
        "longest_s": seconds,
        "per_s": sessions / seconds,
        "ready_after_s": figures["start"]["ready_after_s"],
        "peak_bytes": figures["peak_bytes"],
    }
