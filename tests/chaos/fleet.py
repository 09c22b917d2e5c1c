"""Workers under a supervisor, as a deployment has them: whoever ends is started again."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.member import LOADED, RECOVERED, Member, launch
from tests.chaos.orders import VARIABLE, Orders

WATCH_S = 0.1
LONGEST_RESTART_S = 0.5
LONGEST_END_S = 60.0


@dataclass
class Ended:
    """A worker that is no more."""

    name: str
    code: int
    """Exit code; negative is the signal that killed it."""
    at_s: float
    last_words: str
    started_s: float
    loaded_after_s: float | None
    """Until its web server answered: its code was read, and the brokers were there."""
    recovered_after_s: float | None
    """Until the first partition stood."""


@dataclass
class Fleet:
    """As many workers as wanted, each started again when it has ended."""

    environment: Mapping[str, str]
    """Of workers that are started from now on."""
    folder: Path
    wanted: int
    members: list[Member] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    """Workers that ended by themselves at a start at which none must."""

    def __post_init__(self) -> None:
        self.orders = Orders(self.folder / "order")
        self._number = 0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._randomness = random.Random(0)
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> None:
        """Starts all that are wanted, and from then on whoever is missing."""
        self._supervisor.start()

    def resize(self, wanted: int) -> None:
        """More or fewer; those that are too many are asked to end."""
        with self._lock:
            self.wanted = wanted
            for member in self.members[wanted:]:
                member.send(signal.SIGTERM)

    def some(self, randomness: random.Random) -> Member | None:
        """One of those that run."""
        with self._lock:
            return randomness.choice(self.members) if self.members else None

    def start_together(self) -> list[Member]:
        """Ends all that run, in order, and starts as many as are wanted at the same moment; returns those."""
        with self._lock:
            for member in self.members:
                member.send(signal.SIGTERM)
            for member in self.members:
                try:
                    member.process.wait(LONGEST_END_S)
                except subprocess.TimeoutExpired:  # of a fault before, such as a broker that is still away
                    member.process.kill()
                    member.process.wait()
            self._bury()
            self.members = [self._launch() for _ in range(self.wanted)]
            return list(self.members)

    @property
    def is_ready(self) -> bool:
        """Whether all that are wanted are there and say that they are ready."""
        with self._lock:
            members = list(self.members)
        return len(members) == self.wanted and all(member.is_ready for member in members)

    def statuses(self) -> list[dict[str, Any]]:
        """What those that answer say of themselves."""
        with self._lock:
            members = list(self.members)
        return [status for member in members if (status := member.status)]

    def open_sessions(self) -> dict[int, float]:
        """By partition, as far as workers tell."""
        with self._lock:
            members = list(self.members)
        return {partition: count for member in members for partition, count in member.open_sessions.items()}

    def stop(self) -> None:
        """Asks all to end, and waits."""
        self._stopping.set()
        self._supervisor.join()
        for member in self.members:
            member.send(signal.SIGCONT)
            member.send(signal.SIGTERM)
        for member in self.members:
            try:
                member.process.wait(60)
            except subprocess.TimeoutExpired:
                member.process.kill()
                member.process.wait()
        with self._lock:
            self._bury()

    def _supervise(self) -> None:
        start_at_s = 0.0
        while not self._stopping.wait(WATCH_S):
            with self._lock:
                if self._bury():
                    start_at_s = time.monotonic() + self._randomness.uniform(0, LONGEST_RESTART_S)
                if len(self.members) < self.wanted and time.monotonic() >= start_at_s:
                    self.members.append(self._launch())

    def _bury(self) -> bool:
        """Takes those out that have ended; whether there were any."""
        gone = [member for member in self.members if member.process.poll() is not None]
        for member in gone:
            self.members.remove(member)
            words = member.told.strip().splitlines()[-2:]
            self.ended.append(
                Ended(
                    member.name,
                    member.process.returncode,
                    time.time(),
                    " ".join(words),
                    member.started_s,
                    member.after_s(LOADED),
                    member.after_s(RECOVERED),
                )
            )
        return bool(gone)

    def _launch(self) -> Member:
        self._number += 1
        return launch(f"worker-{self._number}", self.folder, {VARIABLE: str(self.orders.file), **self.environment})
