"""One worker process: how it is started, what it says of itself, when it was ready."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from weir.settings import Settings

ANSWER_TIMEOUT_S = 2.0
LOADED, RECOVERED = "probes at http", " recovered in "
STAMP, STAMP_LENGTH = "%Y-%m-%d %H:%M:%S,%f", 23
"""How a worker's lines begin."""
ROOT = Path(__file__).parents[2]


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
        try:
            return dict(json.loads(self._answer("/") or b"{}"))
        except ValueError:
            return {}

    @property
    def open_sessions(self) -> dict[int, float]:
        """By partition, of those that it owns; empty while it says nothing."""
        text = (self._answer("/metrics") or b"").decode()
        return {
            int(sample.labels["partition"]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "weir_sessions_open"
        }

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

    def _answer(self, path: str) -> bytes | None:
        if self.process.poll() is not None or not self._address:
            return None
        connection = http.client.HTTPConnection(self._address, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    @property
    def _address(self) -> str:
        """Where it answers; it is asked many times a second, and its log grows long."""
        if not self._place:
            told = (line.split()[-1] for line in self.told.splitlines() if LOADED in line)
            self._place = urlsplit(next(told, "")).netloc
        return self._place


def launch(name: str, folder: Path, environment: Mapping[str, str]) -> Member:
    """Starts a worker; what it says goes to a file of its name."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker", "--stages", "sessionize,score,join", "--web-port", "0"],
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
