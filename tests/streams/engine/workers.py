"""Workers as processes of their own, to be killed, paused and asked."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.polling import PATIENCE_S, eventually
from weir.settings import Settings

ROOT = Path(__file__).parents[3]


class WorkerProcess:
    """A process that runs the counting stage."""

    def __init__(self, settings: Settings, folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        given = folder / f"{name}.json"
        secrets = {"model_key": None}
        given.write_text(settings.model_copy(update=secrets).model_dump_json(exclude_defaults=True))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.engine.counting", given], cwd=ROOT, stdout=log, stderr=log
            )
        self.pid = self._process.pid

    @property
    def told(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        found = eventually(lambda: re.search(r"probes at (http://\S+)", self.told), what=f"a web server in {self.log}")
        return str(found[1]) if found else ""

    def answers(self, path: str) -> int:
        try:
            return httpx.get(self.address + path, timeout=5).status_code
        except httpx.TransportError:
            return 0

    @property
    def partitions(self) -> list[int]:
        """Partitions that it owns and that are ready."""
        try:
            found = httpx.get(self.address, timeout=5).json()["partitions"]
        except httpx.TransportError:
            return []
        return [one["partition"] for one in found if one["ready"]]

    def metric(self, name: str, **labels: str) -> float:
        text = httpx.get(self.address + "/metrics", timeout=5).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def wait_until_ready(self) -> None:
        eventually(lambda: self.answers("/ready") == 200, what=f"a ready worker; {self.told}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Exit code after SIGTERM."""
        self.send(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        return self._process.wait(PATIENCE_S)


@contextmanager
def workers(settings: Settings, folder: Path, *names: str) -> Iterator[list[WorkerProcess]]:
    """Workers under these names; none outlives the test."""
    started = [WorkerProcess(settings, folder, name) for name in names]
    try:
        yield started
    finally:
        for worker in started:
            worker.kill()
