"""A demo as its user starts it: `weir demo` as a process, with what it said so far."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.polling import PATIENCE_S, eventually


class RunningDemo:
    """The process; everything that it says goes to a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.json = folder / "summary.json"
        self._said = folder / "said.txt"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "weir.cli.main", "demo", "--json", str(self.json), *arguments],
                cwd=folder,
                env=os.environ | {"TERM": "dumb"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Everything so far."""
        return self._said.read_text()

    def wait_for(self, pattern: str, timeout_s: float = PATIENCE_S) -> re.Match[str]:
        """What it says as soon as it says something of the pattern; the test fails when it ends without."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.said)
            assert found or self.process.poll() is None, self.said
            return found

        found = eventually(look, timeout_s, f"{pattern} in what the demo says")
        assert found is not None
        return found

    def worker(self) -> psutil.Process | None:
        """Its worker; None before it is started."""
        children = psutil.Process(self.process.pid).children()
        return next((child for child in children if "worker" in child.cmdline()), None)

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[RunningDemo]:
    """A demo that is ended, in the usual way, whatever the test does."""
    demo = RunningDemo(folder, *arguments)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.interrupt()
