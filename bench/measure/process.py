"""What the system says of a process and all that it started: CPU seconds and memory."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.contestants.contestant import Command

END_S = 60.0


@dataclass
class Started:
    """A contestant's processes; their log is a file for each."""

    processes: list[subprocess.Popen[bytes]]
    logs: list[Path]
    begun_s: float = field(default_factory=time.monotonic)
    peak_bytes: int = 0
    """Most memory that they held together, as seen when asked."""
    whole_cpu_s: float = 0.0
    """From start to end, theirs and that of all that they started; known once they have ended."""

    def cpu_s(self) -> float:
        """CPU seconds so far, children included; also notes how much memory is held."""
        total, resident = 0.0, 0
        for process in self._family():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                times = process.cpu_times()
                # Children that have ended are in their parent's account.
                total += times.user + times.system + times.children_user + times.children_system
                resident += _peak_bytes(process.pid)
        self.peak_bytes = max(self.peak_bytes, resident)
        return total

    def resident_bytes(self) -> int:
        """Memory held now."""
        found = 0
        for process in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):
                found += process.memory_info().rss
        return found

    def require_alive(self) -> None:
        """Does nothing while all of them run.

        Raises:
            RuntimeError: one has ended, with the end of its log.
        """
        for process, log in zip(self.processes, self.logs, strict=True):
            if process.poll() is not None:
                raise RuntimeError(f"ended by itself, exit code {process.returncode}: {tail(log)}")

    def end(self) -> None:
        """Asks all to end, and waits; whoever doesn't is killed with all that it started."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_S
        for process in self.processes:
            self.whole_cpu_s += _reap(process, deadline)

    def _family(self) -> Iterator[psutil.Process]:
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                head = psutil.Process(process.pid)
                yield head
                yield from head.children(recursive=True)


def tail(log: Path, length: int = 1_500) -> str:
    """The end of a log, for an error."""
    return log.read_text(errors="replace").strip()[-length:]


@contextlib.contextmanager
def running(commands: list[Command], folder: Path) -> Iterator[Started]:
    """Starts processes; they are ended with the context."""
    started = Started([], [])
    try:
        for number, command in enumerate(commands, 1):
            log = folder / f"process-{number}.log"
            with log.open("wb") as out:
                started.processes.append(
                    subprocess.Popen(
                        list(command.arguments),
                        env=os.environ | dict(command.environment),
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        cwd=folder,
                        start_new_session=True,
                    )
                )
            started.logs.append(log)
        yield started
    finally:
        started.end()


def _reap(process: subprocess.Popen[bytes], deadline: float) -> float:
    """CPU seconds of a process that is ending, of its children too."""
    while process.returncode is None:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.02)
    return 0.0


def _peak_bytes(pid: int) -> int:
    """High-water mark of a process's memory, where the system keeps one."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1_024
    return int(psutil.Process(pid).memory_info().rss)
