"""The findings of `weir doctor` for the console: computed at a request, and kept for a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from weir.kafka.doctor import Finding, examine
from weir.settings import Settings

KEPT_S = 60.0


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings of the doctor."""

    at_s: float
    """Time at which the checks ended."""
    found: tuple[Finding, ...]


def _look(settings: Settings) -> Iterator[Finding]:
    return examine(settings, write=False)


class Examined:
    """Runs the doctor's checks without writes; any thread may call it, and waiting callers get the same findings.

    Args:
        settings: the installation's settings.
        look: runs the doctor's checks.
        clock: returns the time, for the age of findings.
    """

    def __init__(
        self,
        settings: Settings,
        look: Callable[[Settings], Iterator[Finding]] = _look,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Findings | None = None

    @property
    def held(self) -> Findings | None:
        """The findings of the last minute; None if there are none."""
        held = self._held
        return held if held is not None and 0 <= self._clock() - held.at_s < KEPT_S else None

    def now(self) -> Findings:
        """The findings of the last minute, or new ones; that may take seconds."""
        with self._lock:
            held = self.held
            if held is None:
                found = tuple(self._look(self._settings))
                held = self._held = Findings(self._clock(), found)
            return held
