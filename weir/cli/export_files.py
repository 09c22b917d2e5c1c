"""Files that an export writes: JSON lines and Parquet, under a temporary name until they are complete."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weir.cli.record_text import json_line
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.tables.catalogue import Table

Refuse = Callable[[int, int, str], None]
"""Called with partition, offset and reason of a record that can't be a row."""


class ExportFile(ABC):
    """A file to which an export writes records."""

    records = 0
    """Number of records written."""
    bytes = 0
    """Bytes written; final after `close`."""

    @abstractmethod
    def write(self, record: LogRecord, decoded: Any) -> None:  # noqa: ANN401 -- the derived struct of any contract
        """Writes one record; `decoded` is its decoded value."""

    @abstractmethod
    def close(self) -> None:
        """Writes the rest; to be called once, after the last record."""


class JsonLines(ExportFile):
    """Each record's value on one line, without line breaks between its tokens."""

    def __init__(self, table: Table, write: Callable[[str], object]) -> None:
        self._topic = table.topic.name
        self._write = write

    def write(self, record: LogRecord, decoded: Any) -> None:  # noqa: ANN401, ARG002 -- see above
        """Writes a line."""
        line = json_line(self._topic, record) + "\n"
        self._write(line)
        self.records += 1
        self.bytes += len(line.encode())

    def close(self) -> None:
        """Nothing waits."""


class Parquet(ExportFile):
    """The typed columns of a table, compressed, in row groups of one batch each."""

    def __init__(self, table: Table, path: Path, refuse: Refuse) -> None:
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 -- needs the extra

        from weir.tables.batch import Batch, is_full  # noqa: PLC0415 -- likewise
        from weir.tables.columns import RecordPosition, schema  # noqa: PLC0415 -- likewise

        self._path = path
        self._refuse = refuse
        self._batch = Batch(table)
        self._is_full = is_full
        self._place = RecordPosition
        self._writer = ParquetWriter(path, schema(table), compression="zstd")

    def write(self, record: LogRecord, decoded: Any) -> None:  # noqa: ANN401 -- see above
        """Adds a record, and writes a row group when the batch is full."""
        place = self._place(record.partition, record.offset, record.timestamp)
        self._batch.add(decoded, place, len(record.value or b""))
        if self._is_full(self._batch):
            self._write_group()

    def close(self) -> None:
        """Writes the last row group and the file's footer."""
        self._write_group()
        self._writer.close()
        self.bytes = self._path.stat().st_size
        for place in self._batch.unfit:
            self._refuse(place.partition, place.offset, "A column can't hold one of the record's values.")

    def _write_group(self) -> None:
        rows = self._batch.take()
        if rows.num_rows:
            self._writer.write_table(rows)
            self.records += rows.num_rows


def check_target(path: Path, *, force: bool) -> None:
    """Checks before the work that a file can be written.

    Raises:
        UsageError: it exists already, it is not a regular file, or its folder does not exist.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file.", "Name a file; --jsonl - is standard output.")
    if path.exists() and not force:
        raise UsageError(f"{path} exists already.", "Name another file, or overwrite it with --force.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", "Make it first, or name another folder.")


@contextmanager
def parquet_file(table: Table, path: Path, refuse: Refuse) -> Iterator[ExportFile]:
    """A Parquet file, which gets its name when the block ends, and is removed if the block raises."""
    with _renamed(path) as temporary:
        file = Parquet(table, temporary, refuse)
        yield file
        file.close()


@contextmanager
def json_file(table: Table, path: Path) -> Iterator[ExportFile]:
    """A file of JSON lines, which gets its name when the block ends, and is removed if the block raises."""
    with _renamed(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as text:
        yield JsonLines(table, text.write)


@contextmanager
def json_output(table: Table) -> Iterator[ExportFile]:
    """JSON lines on standard output."""
    yield JsonLines(table, sys.stdout.write)
    sys.stdout.flush()


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    whole = path.resolve()  # of a symbolic link, its target is replaced
    temporary = whole.with_name(f"{whole.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(whole)
    finally:
        temporary.unlink(missing_ok=True)
