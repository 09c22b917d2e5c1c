"""Orders to die at a chosen point: a file that the first worker to reach the point takes away, and dies.

Nothing of the product knows of it: `tests.chaos.worker` wraps the engine's methods from outside.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil

VARIABLE = "TESTS_CHAOS_ORDER"
"""By it a worker learns where orders are given."""

POINTS: Mapping[str, str] = {
    "amid_sending": "some of a flush's records lie in the log, its position does not",
    "before_commit": "all records of a flush lie in the log, and the transaction is open",
    "amid_commit": "the commit is on its way, and the broker decides",
    "after_commit": "the flush is real, and the worker has not heard of it",
    "after_fence": "a recovery has fenced the last owner, and written nothing",
    "after_marker": "a recovery has written its marker, and read nothing",
    "amid_fold": "a recovery has folded some of the stretch since the checkpoint again",
    "amid_hand_over": "a worker that ends in order, before its last checkpoint",
}
"""Where a worker may be told to die, and how things then stand."""


@dataclass(frozen=True)
class Orders:
    """The one order that may be given at a time."""

    file: Path

    def give(self, point: str) -> None:
        """Whoever reaches the point first dies there."""
        self._taker.unlink(missing_ok=True)
        written = self.file.with_suffix(".new")
        written.write_text(point)
        written.rename(self.file)

    @property
    def is_dying(self) -> bool:
        """Whether who took the last order is not dead yet."""
        if not self._taker.exists():
            return False
        with contextlib.suppress(ValueError, psutil.NoSuchProcess):
            # Until the taker has written who it is, the file holds the point.
            pid = int(self._taker.read_text())
            return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        return True

    def withdraw(self) -> bool:
        """Takes the order back; False if somebody has died of it."""
        try:
            self.file.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def is_given(self) -> bool:
        """Whether nobody has died of it yet."""
        return self.file.exists()

    def is_for(self, *points: str) -> bool:
        """Whether the order is for one of these points."""
        with contextlib.suppress(FileNotFoundError):
            return self.file.read_text() in points
        return False

    def taken(self, point: str) -> bool:
        """Takes the order, if it is for this point: one process alone is given True, and has to die."""
        if not self.is_for(point):
            return False
        try:
            self.file.rename(self._taker)
        except FileNotFoundError:
            return False
        self._taker.write_text(str(os.getpid()))
        return True

    @property
    def _taker(self) -> Path:
        return self.file.with_suffix(".taken")


def orders_as_told() -> Orders | None:
    """For a worker: where its orders are given, if they are."""
    file = os.environ.get(VARIABLE)
    return Orders(Path(file)) if file else None


def die() -> NoReturn:
    """SIGKILL: no handler, no destructor, no buffer is written."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
