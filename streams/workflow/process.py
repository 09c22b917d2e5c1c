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

WRONG_CALL = 2
"""Exit code of a step that would fail again in the same way: it is not tried again."""
_MOST_OF_LOG = 20_000


class StepFailedError(WorkError):
    """A step's command failed or took too long; `may_retry` says whether another try could help."""

    def __init__(self, message: str, hint: str = "", *, may_retry: bool = True) -> None:
        super().__init__(message, hint)
        self.may_retry = may_retry


class Processes:
    """The commands that run now, for all threads of a run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, step: str, command: Sequence[str], log: Path, time_limit_s: float) -> None:
        """Runs a command to its end; it blocks. Nothing of its process group is left afterwards.

        Args:
            step: name, for the error.
            command: a first word `python` is this interpreter.
            log: file that takes what the command prints, anew.
            time_limit_s: seconds after which it is killed.

        Raises:
            StepFailedError: it ended with another code than 0, or was killed.
        """
        words = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
        with log.open("wb") as printed, self._lock:
            if self._stopped:
                raise StepFailedError(f"Step {step} was not started: the run was stopped.", may_retry=False)
            process = subprocess.Popen(  # noqa: S603 -- what the declaration says
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
                f"Step {step} took more than its {time_limit_s:g} s and was ended.",
                f"Raise its time_limit_s, or see {log}.",
            ) from error
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)
        if code:
            raise StepFailedError(
                f"Step {step} failed with exit code {code}: {_last_words(log)}.",
                f"All that it printed is in {log}.",
                may_retry=code != WRONG_CALL,
            )

    def stop(self) -> None:
        """Kills all that runs, and lets nothing begin any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    # What a command left running in the background would write into a folder that is a result by then.
    _kill(process)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(log: Path) -> str:
    """Of what was printed, Weir's own sentence, else the last line."""
    text = log.read_bytes()[-_MOST_OF_LOG:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line.removeprefix("weir: ") for line in lines if line.startswith("weir: ")]
    last = (own or lines or ["it printed nothing"])[-1]
    return "".join(char if char.isprintable() else "?" for char in last).rstrip(".")
