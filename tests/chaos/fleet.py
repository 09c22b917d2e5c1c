"""Workers under a supervisor, as a deployment has them: whoever ends is started again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.orders import VARIABLE, Orders
from weir.settings import Settings

WATCH_S = 0.1
LONGEST_RESTART_S = 0.5
ANSWER_TIMEOUT_S = 2.0
LOADED, RECOVERED = "probes at http", " recovered in "
STAMP, STAMP_LENGTH = "%Y-%m-%d %H:%M:%S,%f", 23
"""How a worker's lines begin."""
ROOT = Path(__file__).parents[2]


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
class Member:
    """One process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    started_s: float = field(default_factory=time.time)
    _place: str = ""

    @property
    def told(self) -> str:
        """All that it said."""
        return self.log.read_text(errors="replace")

    def after_s(self, words: str) -> float | None:
        """Seconds from its start until it said something."""
        line = next((line for line in self.told.splitlines() if words in line), None)
        if line is None:
            return None
        told_at_s = datetime.strptime(line[:STAMP_LENGTH], STAMP).astimezone().timestamp()
        return round(told_at_s - self.started_s, 2)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    @property
    def status(self) -> dict[str, Any]:
        """What it says of itself; empty while it says nothing."""
        if self.process.poll() is not None or not self._address:
            return {}
        connection = http.client.HTTPConnection(self._address, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request("GET", "/")
            return dict(json.loads(connection.getresponse().read()))
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()

    @property
    def is_ready(self) -> bool:
        """Whether it says so itself."""
        return bool(self.status.get("ready"))

    @property
    def is_calling(self) -> bool:
        """Whether its clients of Kafka run, by their threads' names; where there is no /proc that is not known."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        with contextlib.suppress(OSError):
            return any(name.read_text().startswith("rdk:") for name in tasks.glob("*/comm"))
        return False

    @property
    def _address(self) -> str:
        """Where it answers; it is asked many times a second, and its log grows long."""
        if not self._place:
            told = (line.split()[-1] for line in self.told.splitlines() if LOADED in line)
            self._place = urlsplit(next(told, "")).netloc
        return self._place


@dataclass
class Fleet:
    """As many workers as wanted, each started again when it has ended."""

    environment: Mapping[str, str]
    """Of workers that are started from now on."""
    folder: Path
    wanted: int
    members: list[Member] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)

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


def launch(name: str, folder: Path, environment: Mapping[str, str]) -> Member:
    """Starts a worker; what it says goes to a file of its name."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker", "--stages", "sessionize,score", "--web-port", "0"],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    return Member(name, process, log)


def environment_of(settings: Settings) -> dict[str, str]:
    """Settings as a deployment gives them."""
    given = settings.model_dump(mode="json", exclude_defaults=True, exclude={"model_key"})
    return {
        f"WEIR_{name.upper()}": ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }
