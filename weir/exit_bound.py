"""A bound on the end of a process: threads that wait for a broker must not keep it alive for ever."""

from __future__ import annotations

import os
import sys
import threading

EXIT_BOUND_S = 60.0


class ExitBound:
    """Ends this process hard when its time is over, unless it is cancelled before.

    The caller of `arm` decides when the process ends. A caller that goes on living must `cancel`.

    Args:
        bound_s: seconds between `arm` and the hard end; a minute unless given.
    """

    def __init__(self, bound_s: float | None = None) -> None:
        self._bound_s = EXIT_BOUND_S if bound_s is None else bound_s
        self._timer: threading.Timer | None = None

    def arm(self) -> None:
        """Lets the time begin; the thread that waits keeps nothing alive."""
        self._timer = threading.Timer(self._bound_s, _exit_hard)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Ends nothing any more; safe to call at any time."""
        if self._timer is not None:
            self._timer.cancel()


def _exit_hard() -> None:
    sys.stderr.write("The process did not end in time, and was ended. Nothing that was written is lost.\n")
    sys.stderr.flush()
    os._exit(1)
