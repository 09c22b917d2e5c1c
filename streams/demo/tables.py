"""The demo's Delta tables: a second worker with the stage `table`, and the folder of the tables.

Importing this module needs the extra `table`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from streams.demo.worker_process import WorkerProcess
from streams.table.accept import table_positions
from weir.broker import free_port
from weir.errors import UsageError, WeirError
from weir.kafka.reader import LogReader
from weir.settings import DEFAULT_FILE, Settings
from weir.tables.catalogue import BY_NAME, TABLES
from weir.tables.writing import exists
from weir.topics import TABLE_STAGE

_CATCH_UP_TIMEOUT_S = 60.0
_POLL_S = 0.5
_WRITTEN = ("bootstrap_servers", "application_id", "topic_prefix", "table_uri")


def require_new(folder: Path) -> None:
    """Checks that the folder has neither tables nor settings.

    Raises:
        UsageError: The folder has tables or settings.
    """
    found = [table.name for table in TABLES if exists(str(folder.absolute()), table)]
    if (folder / DEFAULT_FILE).exists():
        found.append(str(DEFAULT_FILE))
    if found:
        raise UsageError(
            f"The folder {folder} already has {found[0]}.", "Name a new folder, as each demo creates new tables."
        )


class TableWorker:
    """A worker with the stage `table`, started by the constructor.

    It writes a `weir.toml` into the tables' folder, so that commands in that folder connect to the demo.

    Args:
        settings: The demo's settings; `table_uri` is set.
        folder: The tables' folder.
        log_file: The log file.
    """

    def __init__(self, settings: Settings, folder: Path, log_file: Path) -> None:
        self._settings = settings.model_copy(update={"web_port": free_port()})
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DEFAULT_FILE).write_text(_toml(self._settings), encoding="utf-8")
        self.process = WorkerProcess(self._settings, log_file, [TABLE_STAGE])

    def end(self) -> list[str]:
        """Waits until the tables have all records of the topics, and ends the process.

        Returns:
            Error messages; empty on success.
        """
        failures = []
        deadline = time.monotonic() + _CATCH_UP_TIMEOUT_S
        try:
            while not self.process.has_ended and (missing := _missing(self._settings)):
                if time.monotonic() > deadline:
                    failures.append(f"The tables lacked {missing:,} records after {_CATCH_UP_TIMEOUT_S:.0f} s.")
                    break
                time.sleep(_POLL_S)
        except WeirError as error:
            failures.append(str(error))
        ended_by_itself = self.process.has_ended
        code = self.process.stop()
        if ended_by_itself or code:
            failures.append(f"The stage table ended with exit code {code}. {self.process.last_log_line()}")
        return failures


def _missing(settings: Settings) -> int:
    """Number of records of the topics that the tables lack.

    Records are read and counted, since `TablePosition.lag` counts offsets, and transaction markers have offsets, too.
    """
    begin, end = {}, {}
    for one in table_positions(settings):
        partition = settings.names.public(BY_NAME[one.table].topic), one.partition
        if one.lag:
            begin[partition], end[partition] = max(one.position or 0, one.log.start), one.log.end
    with LogReader(settings, sorted({topic for topic, _ in begin})) as reader:
        return sum(1 for _ in reader.read(begin, end))


def _toml(settings: Settings) -> str:
    values: Mapping[str, str] = {name: str(getattr(settings, name)) for name in _WRITTEN}
    # A basic string of TOML is written as JSON writes a string.
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    return "\n".join(("# Written by `weir demo --table`: commands in this folder reach that demo.", *lines, ""))
