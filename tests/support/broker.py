"""One real broker for a run of the tests, whichever of pytest-xdist's processes they run in."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock

from weir.broker import DevelopmentBroker
from weir.node_process import NodeProcess

# Handed from the process that runs pytest to the workers that it starts.
VARIABLE = "TEST_RUN_FOLDER"
PREFIX = "weir-tests-"
# Kafka looks for timed-out transactions every 10 s otherwise, and gives dead members 6 s at least: tests of dead
# workers would wait for that alone.
PROPERTIES = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "group.min.session.timeout.ms": "1000",
}


def begin_run() -> None:
    """Makes the folder of this run; for the process that runs pytest."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    NodeProcess(folder).record(os.getpid())
    os.environ[VARIABLE] = str(folder)


def end_run() -> None:
    """Stops the broker if a test has started it, and removes the run's folder; likewise."""
    _clear(Path(os.environ.pop(VARIABLE)))


def _sweep() -> None:
    """Ends the brokers of runs that were killed and could not do so themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if (folder / "process.json").exists() and NodeProcess(folder).find() is None:
            _clear(folder)


def _clear(folder: Path) -> None:
    _broker(folder).stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


def shared_broker() -> str:
    """Bootstrap servers of the run's broker, started by the first test that needs it."""
    folder = Path(os.environ[VARIABLE])
    with FileLock(folder / "lock"):
        return _broker(folder).start().bootstrap_servers


def _broker(folder: Path) -> DevelopmentBroker:
    return DevelopmentBroker(folder / "broker", properties=PROPERTIES)
