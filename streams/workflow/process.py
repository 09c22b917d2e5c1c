"""Runs one command of a step within its time limit, in a process group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from streams.workflow import guard
from weir.errors import WorkError

USAGE_ERROR = 2
"""Exit code of a step that would fail again in the same way, so it is not retried."""
_LOG_TAIL_BYTES = 20_000


class StepFailedError(WorkError):
    """A step's command failed or exceeded its time limit; `may_retry` is whether a retry can succeed."""

    def __init__(self, message: str, hint: str = "", *, may_retry: bool = True) -> None:
        super().__init__(message, hint)
        self.may_retry = may_retry


class Processes:
    """The running commands of a run, shared by its threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, step: str, command: Sequence[str], log: Path, time_limit_s: float) -> None:
        """Runs a command to its end, and blocks. All processes of its process group have ended afterwards.

        Args:
            step: Name of the step, for messages.
            command: The command; the first word `python` stands for this interpreter.
            log: File for the command's output, which is overwritten.
            time_limit_s: Seconds after which the command is killed.

        Raises:
            StepFailedError: The command ended with another code than 0, or was killed.
        """
        words = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
        with log.open("wb") as printed, self._lock:
            if self._stopped:
                raise StepFailedError(f"Step {step} was not started: the run was stopped.", may_retry=False)
            process = subprocess.Popen(  # noqa: S603 -- the command of the declaration
                [sys.executable, "-I", str(Path(guard.__file__)), *words],
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            code = process.wait(timeout=time_limit_s)
        except subprocess.TimeoutExpired as error:
            raise StepFailedError(
                f"Step {step} exceeded its time limit of {time_limit_s:g} s and was killed.",
                f"See {log}, or raise the step's time_limit_s.",
            ) from error
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)
        if code:
            raise StepFailedError(
                f"Step {step} failed with exit code {code}: {_last_line(log)}.",
                f"The step's output is in {log}.",
                may_retry=code != USAGE_ERROR,
            )

    def stop(self) -> None:
        """Kills all running commands, and prevents that new ones start."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    # A background process of the command could otherwise write into the folder after it has become a result.
    _kill(process)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(log: Path) -> str:
    """The last message of Weir's own in the log, otherwise the last line."""
    text = log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line.removeprefix("weir: ") for line in lines if line.startswith("weir: ")]
    last = (own or lines or ["it printed nothing"])[-1]
    return "".join(char if char.isprintable() else "?" for char in last).rstrip(".")
