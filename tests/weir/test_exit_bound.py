"""The hard end of a process comes when its time is over, and not after it was cancelled."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.support.polling import PATIENCE_S

SCRIPT = """
import threading
from weir.exit_bound import ExitBound

bound = ExitBound(0.2)
bound.arm()
{then}
"""


def run(then: str) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(then=textwrap.dedent(then))
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_a_process_whose_threads_hang_is_ended_with_a_sentence() -> None:
    ended = run("threading.Thread(target=threading.Event().wait).start()")
    assert ended.returncode == 1
    assert "did not end in time" in ended.stderr


def test_a_cancelled_bound_ends_nothing() -> None:
    ended = run("bound.cancel(); threading.Event().wait(0.6); print('alive')")
    assert (ended.returncode, ended.stdout) == (0, "alive\n")
