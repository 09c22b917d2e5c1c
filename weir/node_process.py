"""One process that outlives the one that started it: found again by id and time of birth, ended, cleaned up after."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

from weir.signals import held_back


class Born(msgspec.Struct, frozen=True):
    """A process id is used again some day; with the time of birth it is one process for ever."""

    pid: int
    created_s: float


class NodeProcess:
    """The one process of a folder; its record lies in `process.json` there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def scratch(self) -> Path:
        """Its temporary folder, removed when it has ended."""
        return self.folder / "tmp"

    @property
    def _record(self) -> Path:
        return self.folder / "process.json"

    def find(self) -> psutil.Process | None:
        """The process if it is alive, whichever process started it."""
        try:
            born = msgspec.json.decode(self._record.read_bytes(), type=Born)
            process = psutil.Process(born.pid)
            if process.create_time() != born.created_s:
                return None
            if process.status() == psutil.STATUS_ZOMBIE:
                # It has ended as a child of this process, and its exit code was not read.
                process.wait(0)
                return None
        except (FileNotFoundError, msgspec.DecodeError, psutil.NoSuchProcess, psutil.TimeoutExpired):
            return None
        return process

    def start(self, command: Sequence[str], log_file: Path) -> None:
        """Starts it apart from this process's terminal and group, so that Ctrl-C here does not reach it."""
        with held_back(), log_file.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 -- our own command
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            # It may outlive this object and this process, and is found by its record: Popen is not to warn of that.
            child.returncode = 0
            with contextlib.suppress(psutil.NoSuchProcess):
                self.record(child.pid)

    def record(self, pid: int) -> None:
        """Makes a process that runs already the one of this folder."""
        born = Born(pid, psutil.Process(pid).create_time())
        self._record.write_bytes(msgspec.json.encode(born))

    def stop(self, timeout_s: float, *, kill: bool = False) -> bool:
        """Asks it to end (or, with `kill`, ends it), and ends it after the time; False where none ran."""
        process = self.find()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill() if kill else process.terminate()
                self._wait(process, timeout_s)
        self._record.unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return process is not None

    def _wait(self, process: psutil.Process, timeout_s: float) -> None:
        try:
            process.wait(timeout_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout_s)


def error_in_log(path: Path) -> str:
    """The first complaint in a log, in one line; empty where there is none."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    complaints = [line for line in lines if re.search(r"\b(ERROR|Exception|Error)\b", line)]
    return complaints[0].strip() if complaints else ""
