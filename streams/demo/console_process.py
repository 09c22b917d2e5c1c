"""The demo's console: a process of `weir console` with settings for the demo's topics."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

from streams.demo.worker_process import environment
from weir.errors import WorkError
from weir.settings import Settings

NAME = "you"
"""Source of labels given in the demo's console; the demo's workers trust it."""
_POLL_S = 0.05
_LINK = "To operate, once: "


class ConsoleProcess:
    """A console process, started by the constructor.

    Args:
        settings: The demo's settings, with a folder and a port for the console.
        worker: Address of the worker's web server.
        log_file: The log file.
    """

    def __init__(self, settings: Settings, worker: str, log_file: Path) -> None:
        self.address = f"http://{settings.console_host}:{settings.console_port}"
        self._log_file = log_file
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- constants, and the address of the demo's worker
                [sys.executable, "-m", "weir.cli.main", "console", "--name", NAME, "--worker", worker],
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own, so that Ctrl-C doesn't end the console before the demo stops it.
                start_new_session=True,
            )

    def link(self, timeout_s: float) -> str:
        """The one-time link that signs a browser in with the role to operate.

        Raises:
            WorkError: The console ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            for line in self._log_file.read_text(errors="replace").splitlines():
                if line.startswith(_LINK):
                    return line.removeprefix(_LINK)
            if self._process.poll() is not None or time.monotonic() > deadline:
                lines = self._log_file.read_text(errors="replace").strip().splitlines()
                raise WorkError("The console did not start.", lines[-1] if lines else "Its log is empty.")
            time.sleep(_POLL_S)

    def stop(self, timeout_s: float = 10.0) -> int:
        """Ends the console by SIGTERM, or after the timeout by SIGKILL; returns its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(timeout_s)


def is_installed() -> bool:
    """Whether the console's packages are installed."""
    return importlib.util.find_spec("starlette") is not None and importlib.util.find_spec("uvicorn") is not None
