"""Polls to a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 0.2
LONGEST_S = 180.0


def wait_until(reached: Callable[[], bool], what: str, longest_s: float = LONGEST_S, step_s: float = STEP_S) -> None:
    """Returns when it is reached.

    Raises:
        TimeoutError: it was not in time.
    """
    deadline = time.monotonic() + longest_s
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"There were no {what} within {longest_s:.0f} s.")
        time.sleep(step_s)
