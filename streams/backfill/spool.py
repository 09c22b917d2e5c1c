"""Sorts the records of one partition by time on disk, as a range may be larger than memory."""

from __future__ import annotations

import dataclasses
import tempfile
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from weir.kafka.records import LogRecord


class Spool:
    """Takes records with times, and returns them in a stable sort by time; 16 bytes a record are in memory.

    The context manager deletes the temporary file at the end.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="weir-backfill-")  # noqa: SIM115 -- closed by __exit__
        self._times = array("d")
        self._starts = array("q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._times)

    def add(self, ts: float, record: LogRecord) -> None:
        """Appends a record to the file."""
        data = _encode(dataclasses.astuple(record))
        self._file.write(data)
        self._times.append(ts)
        self._starts.append(self._starts[-1] + len(data))

    def __iter__(self) -> Iterator[tuple[float, LogRecord]]:
        """All records in the order of their times; with equal times, in the order in which they were added."""
        for number in sorted(range(len(self._times)), key=self._times.__getitem__):
            self._file.seek(self._starts[number])
            data = self._file.read(self._starts[number + 1] - self._starts[number])
            yield self._times[number], LogRecord(*_decode(data))


_Stored = tuple[str, int, int, int, bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode
