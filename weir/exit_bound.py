"""Bounds the time that a process takes to end, since threads that wait for a broker would keep it alive."""

from __future__ import annotations

import os
import sys
import threading

EXIT_BOUND_S = 60.0


class ExitBound:
    """Ends this process without cleaning up when the time is over, unless it is cancelled before.

    A caller of `arm` whose process continues must call `cancel`.

    Args:
        bound_s: seconds between `arm` and the end of the process; a minute unless given.
    """

    def __init__(self, bound_s: float | None = None) -> None:
        self._bound_s = EXIT_BOUND_S if bound_s is None else bound_s
        self._timer: threading.Timer | None = None

    def arm(self) -> None:
        """Starts the time; the waiting thread is a daemon, which does not keep the process alive."""
        self._timer = threading.Timer(self._bound_s, _exit_hard)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Stops the time; safe to call at any time."""
        if self._timer is not None:
            self._timer.cancel()


def _exit_hard() -> None:
    sys.stderr.write("The process did not end in time, and was ended. Nothing that was written is lost.\n")
    sys.stderr.flush()
    os._exit(1)
