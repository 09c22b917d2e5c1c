"""A worker that is measured: `weir worker` as a process, its probes, its metrics, and what the system says of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from bench.measures.place import Site
from bench.measures.waiting import wait_until
from weir.broker import free_port
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

WEIR = Path(sys.executable).with_name("weir")
STAGES = "sessionize,score"
INPUTS = {"sessionize": EVENTS, "score": SESSIONS}
ANSWER_TIMEOUT_S = 5.0
END_TIMEOUT_S = 60.0
Labels = tuple[tuple[str, str], ...]


@dataclass
class Worker:
    """One process."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    system: psutil.Process = field(init=False)

    def __post_init__(self) -> None:
        self.system = psutil.Process(self.process.pid)
        self._client = httpx.Client(base_url=self.address, timeout=ANSWER_TIMEOUT_S)

    def answers(self, path: str) -> int:
        """HTTP status; 0 while nobody listens."""
        try:
            return self._client.get(path).status_code
        except httpx.TransportError:
            return 0

    @property
    def is_ready(self) -> bool:
        """Whether it says so.

        Raises:
            RuntimeError: it has ended.
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"A worker has ended: {self.log.read_text(errors='replace').strip()[-1_000:]}")
        return self.answers("/ready") == httpx.codes.OK

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return dict(self._client.get("/").json())

    def metrics(self) -> Metrics:
        """What it exposes now."""
        return Metrics(self._client.get("/metrics").text)

    @property
    def peak_bytes(self) -> int:
        """Most memory that it has held so far, where the system keeps that; what it holds now elsewhere."""
        try:
            told = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return int(self.system.memory_info().rss)
        found = re.search(r"^VmHWM:\s+(\d+) kB$", told, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def kill(self) -> None:
        """As a machine does that dies."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_TIMEOUT_S)


class Metrics:
    """One reading of `/metrics`."""

    def __init__(self, text: str) -> None:
        self._samples: dict[str, dict[Labels, float]] = defaultdict(dict)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._samples[sample.name][tuple(sorted(sample.labels.items()))] = sample.value

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series that have these labels."""
        return sum(value for found, value in self._samples[name].items() if labels.items() <= dict(found).items())

    def greatest(self, name: str, **labels: str) -> float:
        """The greatest of them; 0 without any."""
        return max(
            (value for found, value in self._samples[name].items() if labels.items() <= dict(found).items()),
            default=0.0,
        )

    def buckets(self, name: str) -> dict[float, float]:
        """A histogram: upper bound to how many observations were no greater."""
        found: dict[float, float] = defaultdict(float)
        for labels, value in self._samples[f"{name}_bucket"].items():
            found[float(dict(labels)["le"])] += value
        return dict(found)


def environment_of(settings: Settings) -> dict[str, str]:
    """Settings as a deployment gives them."""
    given = settings.model_dump(mode="json", exclude_defaults=True, exclude={"model_key"})
    return {
        f"WEIR_{name.upper()}": ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }


def start(settings: Settings, folder: Path, name: str, stages: str = STAGES) -> Worker:
    """Starts a worker; it is not ready yet."""
    port = free_port()
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(WEIR), "worker", "--stages", stages, "--web-port", str(port)],
            env=os.environ | environment_of(settings),
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    return Worker(process, f"http://127.0.0.1:{port}", log)


def is_at_the_end(place: Site, running: Iterable[Worker], stages: str = STAGES) -> bool:
    """Whether all that lies on the stages' inputs is worked on, and committed."""
    inputs = [INPUTS[stage] for stage in stages.split(",")]
    committed = {
        (topic, partition["partition"]): position
        for worker in running
        for partition in worker.status()["partitions"]
        if partition["ready"]
        for topic, position in partition["committed"].items()
    }
    return all(committed.get(where) == end for where, end in place.ends(*inputs).items())


@contextmanager
def workers(settings: Settings, folder: Path, number: int, stages: str = STAGES) -> Iterator[list[Worker]]:
    """Workers that are ready; whoever is in the list at the end is ended."""
    running = [start(settings, folder, f"worker-{at}", stages) for at in range(1, number + 1)]
    try:
        wait_until(lambda: all(worker.is_ready for worker in running), "ready workers")
        yield running
    finally:
        for worker in running:
            if worker.process.poll() is None:
                worker.process.terminate()
        for worker in running:
            try:
                worker.process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                worker.kill()
