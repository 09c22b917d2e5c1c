"""Waiting for what happens elsewhere: poll to a deadline, never sleep for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Seen = TypeVar("Seen")
PATIENCE_S = 180.0
"""How long a test waits for what must come. Only a test that fails waits so long: on a machine with other work a worker
takes a minute to start, and no test may fail for that."""


def eventually(
    ask: Callable[[], Seen], timeout_s: float = PATIENCE_S, what: str | Callable[[], str] = "the expected state"
) -> Seen:
    """What `ask` gives as soon as that is true; the test fails when the time is over, and says what is missing."""
    deadline = time.monotonic() + timeout_s
    while not (seen := ask()):
        if time.monotonic() > deadline:
            missing = what if isinstance(what, str) else what()
            pytest.fail(f"{missing} was not reached in {timeout_s:.0f} s; last seen: {seen!r}")
        time.sleep(0.02)
    return seen
