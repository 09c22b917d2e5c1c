"""A process that goes on when its parent ends: other processes find it by its id and start time, and can end it."""

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
    """A process id with the start time: together they identify one process, since the system reuses ids."""

    pid: int
    created_s: float


class NodeProcess:
    """The process of a folder; the folder's file `process.json` names the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def scratch(self) -> Path:
        """The process's temporary folder, which is removed after its end."""
        return self.folder / "tmp"

    @property
    def _record(self) -> Path:
        return self.folder / "process.json"

    def find(self) -> psutil.Process | None:
        """The process, if it is alive; the caller need not be its parent."""
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
        """Starts the process in its own session, so that Ctrl-C in this terminal does not end it."""
        with held_back(), log_file.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 -- our own command
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            # The child may go on when this object and this process end; without this line Popen would warn of that.
            child.returncode = 0
            with contextlib.suppress(psutil.NoSuchProcess):
                self.record(child.pid)

    def record(self, pid: int) -> None:
        """Records a running process as the folder's process."""
        born = Born(pid, psutil.Process(pid).create_time())
        self._record.write_bytes(msgspec.json.encode(born))

    def stop(self, timeout_s: float, *, kill: bool = False) -> bool:
        """Terminates the process, and kills it after the time, or at once with `kill`; False if none ran."""
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
    """The first error in a log, in one line; empty if there is none."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    complaints = [line for line in lines if re.search(r"\b(ERROR|Exception|Error)\b", line)]
    return complaints[0].strip() if complaints else ""
