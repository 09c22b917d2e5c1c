"""A worker that a program runs within itself: when the worker has ended, the program goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE_S, eventually
from weir.settings import Settings

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys, threading
from pathlib import Path
from streams.engine import runner
from tests.streams.engine.counting import plan
from weir import exit_bound
from weir.settings import Settings

exit_bound.EXIT_BOUND_S = 0.5
code = runner.run_plans(Settings.model_validate_json(Path(sys.argv[1]).read_text()), [plan()])
threading.Event().wait(1.5)  # longer than the bound
print(f"goes on after {code}")
"""


@pytest.mark.kafka
def test_a_program_goes_on_after_a_worker_that_it_ran_has_ended(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = new_installation(partitions=1, model_key=None)
    given, log = tmp_path / "settings.json", tmp_path / "log"
    given.write_text(settings.model_dump_json(exclude_defaults=True))
    with log.open("wb") as told:
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, given], cwd=ROOT, stdout=subprocess.PIPE, stderr=told, text=True
        )
    try:
        eventually(lambda: "partition 0" in log.read_text(), what="a recovered partition")
        program.send_signal(signal.SIGTERM)
        printed, _ = program.communicate(timeout=PATIENCE_S)
    finally:
        program.kill()
    assert (program.returncode, printed) == (0, "goes on after 0\n"), log.read_text()
