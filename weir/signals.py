"""An end that comes at a bad moment waits for a better one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back(*numbers: signal.Signals) -> Iterator[None]:
    """Signals (SIGINT and SIGTERM unless given) that come meanwhile are raised at the end.

    Between the start of a process and the note of who ends it, an exception out of a handler would leave it running.
    Another thread than the main one is never interrupted, and nothing is changed there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    wanted = numbers or (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)
