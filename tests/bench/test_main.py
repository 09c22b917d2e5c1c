from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from bench.__main__ import is_right
from tests.support.benchmark import rates, result, run

ROOT = Path(__file__).parents[2]


def _bench(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *given], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_wrong_output_is_not_right_and_neither_is_whoever_gave_up() -> None:
    right = rates(run(1, "weir", 1.0), absent={"quix": "it does not install"})

    assert is_right(right)
    assert is_right(result("start", {"seconds": {}}))
    assert not is_right(rates(run(1, "weir", 1.0, "lost one")))
    assert not is_right(msgspec.structs.replace(right, figures=right.figures | {"failed": {"faust": "ended"}}))


def test_the_list_says_which_parts_would_be_taken() -> None:
    done = _bench("--list", "--only", "start,latency")

    assert done.stdout.splitlines() == ["latency: about 3 min", "start: about 60 s"]


def test_a_log_that_is_too_long_is_cut_and_said_to_be() -> None:
    done = _bench("--list", "--contestants", "weir,flink", "--events", "90000000")

    assert "events instead of 90,000,000, to end in ten minutes" in done.stderr


def test_runs_that_take_too_long_and_unknown_names_are_refused_in_a_sentence() -> None:
    assert "ask for fewer" in _bench("--list", "--contestants", "weir", "--runs", "100").stderr
    assert "there is no kafka; choose some of" in _bench("--list", "--contestants", "kafka").stderr
    assert "Traceback" not in _bench("--list", "--contestants", "weir", "--runs", "100").stderr
