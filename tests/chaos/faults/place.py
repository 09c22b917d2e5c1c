"""What all faults act upon, and what they have in common."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.fleet import Fleet
from tests.chaos.member import Member
from tests.chaos.proxy import Proxy
from weir.broker import DevelopmentBroker
from weir.errors import ClusterError
from weir.settings import Settings

READY_TIMEOUT_S = 60.0
STRIKE_TIMEOUT_S = 40.0
END_TIMEOUT_S = 20.0
STEP_S = 0.05


class LeftOutError(Exception):
    """The fault is impossible here, and why."""


@dataclass
class Stricken:
    """The run as faults see it. A fault is a method: it is over when it returns, with a note for the report."""

    settings: Settings
    """With a session timeout, which some faults outlast."""
    fleet: Fleet
    nodes: Sequence[DevelopmentBroker]
    proxies: Sequence[Proxy]
    folder: Path
    randomness: random.Random = field(default_factory=random.Random)

    def _some(self) -> Member:
        """One of the workers; waits for one if none runs."""
        self._until(lambda: bool(self.fleet.members), READY_TIMEOUT_S)
        member = self.fleet.some(self.randomness)
        if member is None:
            raise LeftOutError("no worker ran")
        return member

    def _kill(self) -> Member:
        member = self._some()
        member.send(signal.SIGKILL)
        self._until(lambda: member.process.poll() is not None, END_TIMEOUT_S)
        return member

    def _bounce(self, nodes: Sequence[DevelopmentBroker], down_s: float, *, kill: bool) -> None:
        for node in nodes:
            node.stop(kill=kill)
        self._last(down_s)
        self._start(nodes)

    def _start(self, nodes: Sequence[DevelopmentBroker]) -> None:
        for node in nodes:
            self._launch(node)
        for node in nodes:
            node.wait_until_up(READY_TIMEOUT_S)

    def _launch(self, node: DevelopmentBroker) -> None:
        """A node that ended by itself may hold its port a moment longer."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            try:
                return node.launch()
            except ClusterError:
                if time.monotonic() > deadline:
                    raise
            self._last(STEP_S)

    def _until(self, reached: Callable[[], bool], timeout_s: float) -> bool:
        """Waits for something, for so long at most; whether it has come."""
        deadline = time.monotonic() + timeout_s
        while not (come := reached()) and time.monotonic() < deadline:
            self._last(STEP_S)
        return come

    @staticmethod
    def _last(seconds: float) -> None:
        """A fault has a length: this is no waiting for something."""
        time.sleep(seconds)
