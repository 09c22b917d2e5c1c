"""The demo's worker: a process of `weir worker`, whose status and metrics are read from its web server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from weir.errors import WorkError
from weir.settings import Settings
from weir.topics import STAGES

_ANSWER_TIMEOUT_S = 2.0
_POLL_S = 0.1

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""Values of samples by name and labels."""


class WorkerProcess:
    """A worker process, started by the constructor.

    The model key is passed in the environment, as arguments of a process can be read by other users.

    Args:
        settings: The demo's settings.
        log_file: The log file.
        stages: The stages that the worker runs.
    """

    def __init__(self, settings: Settings, log_file: Path, stages: Sequence[str] = STAGES) -> None:
        self.address = f"http://{settings.web_host}:{settings.web_port}"
        self.log_file = log_file
        self.peak_memory_bytes = 0
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- all arguments are constants
                [sys.executable, "-m", "weir.cli.main", "worker", "--stages", ",".join(stages)],
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own, so that Ctrl-C doesn't end the worker before the demo stops it.
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def wait_until_ready(self, timeout_s: float) -> None:
        """Waits until the worker's partitions are assigned and recovered.

        Raises:
            WorkError: The worker ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while self._ask("/ready") is None:
            if self.has_ended:
                raise WorkError("The worker ended while it was starting.", self.last_log_line())
            if time.monotonic() > deadline:
                raise WorkError(f"The worker was not ready within {timeout_s:.0f} s.", self.last_log_line())
            time.sleep(_POLL_S)

    def metrics(self) -> Series | None:
        """All series of the worker; None if it didn't respond."""
        answer = self._ask("/metrics")
        return None if answer is None else parse(answer)

    def sample_memory(self) -> None:
        """Updates `peak_memory_bytes` with the present memory."""
        try:
            memory = psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return
        self.peak_memory_bytes = max(self.peak_memory_bytes, memory)

    def stop(self, timeout_s: float = 30.0) -> int:
        """Ends the worker by SIGTERM, or after the timeout by SIGKILL; returns its exit code."""
        if not self.has_ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(timeout_s)

    def last_log_line(self) -> str:
        """A sentence with the last line of the log, for an error's hint."""
        lines = self.log_file.read_text(errors="replace").strip().splitlines()
        return f"Its last log line: {lines[-1]}" if lines else "Its log is empty."

    def _ask(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(self.address + path, timeout=_ANSWER_TIMEOUT_S) as answer:  # noqa: S310 -- http, loopback
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return None


def parse(text: str) -> Series:
    """Parses Prometheus' text format."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def environment(settings: Settings) -> Mapping[str, str]:
    """The environment of a process with these settings and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
    own = {f"WEIR_{name.upper()}": _plain(getattr(settings, name)) for name in Settings.model_fields}
    return inherited | {name: value for name, value in own.items() if value is not None}


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, frozenset | tuple):
        return ",".join(sorted(map(str, value)))
    return str(value)
