"""`weir` as its users call it, on an installation of the test's own; workers in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.observed import COMPARED, Observed, of_files
from tests.support import command
from tests.support.polling import PATIENCE_S, eventually
from weir.settings import Settings

WEIR = Path(sys.executable).with_name("weir")
HEURISTICS_ALONE = "shadow=rate_limit,model,business_rule"
"""The promise of equal flags holds for heuristics, with the other stages in shadow."""


@dataclass
class Weir:
    """The command line against one installation."""

    settings: Settings
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *arguments: object) -> str:
        """Runs a command to its end and gives what it printed; it must do well."""
        called = command.weir(*map(str, arguments), on=self.settings)
        assert called.code == 0, called.err
        return called.out

    def replay(self, file: Path, *arguments: object) -> Observed:
        """What `weir replay` makes of a file."""
        outputs = [f"--{name}={self.folder / name}" for name in COMPARED]
        self.run("replay", file, *arguments, *outputs)
        return of_files(self.folder)

    def start_worker(self, stages: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Starts a worker; what it tells goes to a file that the test's report names."""
        with (self.folder / f"worker-{len(self.running)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [str(WEIR), "worker", "--stages", stages, *arguments],
                env=self._environment(environment),
                stdout=log,
                stderr=log,
            )
        self.running.append(worker)
        return worker

    def wait_until(self, ask: Callable[[], object], what: str = "what the test waits for") -> None:
        """Polls; if it does not come true in time, the test's report has the workers' logs."""
        try:
            eventually(ask, what=what)
        except pytest.fail.Exception:
            sys.stdout.write(self.logs())
            raise

    def stop(self, worker: subprocess.Popen[bytes]) -> int:
        """Asks a worker to end, and gives its exit code."""
        worker.terminate()
        return worker.wait(PATIENCE_S)

    def logs(self) -> str:
        """What all workers told."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("worker-*.log")))

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        chosen = {
            "WEIR_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
            "WEIR_APPLICATION_ID": self.settings.application_id,
            "WEIR_TOPIC_PREFIX": self.settings.topic_prefix,
            "WEIR_PARTITIONS": str(self.settings.partitions),
            "WEIR_MODEL_KEY": "a key for tests",
            "WEIR_WEB_PORT": "0",
            "WEIR_SESSION_TIMEOUT_S": "6",
        }
        return os.environ | chosen | more


@pytest.fixture
def new_weir(new_installation: Callable[..., Settings], tmp_path: Path) -> Iterator[Callable[..., Weir]]:
    """Makes a command line against a new installation; its workers are ended afterwards."""
    made: list[Weir] = []

    def make(**overrides: object) -> Weir:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Weir(new_installation(**overrides), folder))
        return made[-1]

    yield make
    for weir in made:
        for worker in weir.running:
            if worker.poll() is None:
                worker.kill()
                worker.wait()


@pytest.fixture
def weir(new_weir: Callable[..., Weir]) -> Weir:
    """The command line against a new installation."""
    return new_weir()
