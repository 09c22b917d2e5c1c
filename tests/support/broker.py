"""One real broker for a run of the tests, whichever of pytest-xdist's processes they run in."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock

from weir.broker import DevelopmentBroker

# Handed from the process that runs pytest to the workers that it starts.
VARIABLE = "TEST_RUN_FOLDER"
# Kafka looks for timed-out transactions every 10 s otherwise: tests of dead workers would wait for that alone.
PROPERTIES = {"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}


def begin_run() -> None:
    """Makes the folder of this run; for the process that runs pytest."""
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="weir-tests-")


def end_run() -> None:
    """Stops the broker if a test has started it, and removes the run's folder; likewise."""
    folder = Path(os.environ.pop(VARIABLE))
    _broker(folder).stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


def shared_broker() -> str:
    """Bootstrap servers of the run's broker, started by the first test that needs it."""
    folder = Path(os.environ[VARIABLE])
    with FileLock(folder / "lock"):
        return _broker(folder).start().bootstrap_servers


def _broker(folder: Path) -> DevelopmentBroker:
    return DevelopmentBroker(folder / "broker", properties=PROPERTIES)
