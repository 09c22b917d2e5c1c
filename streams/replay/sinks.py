"""Writes the records of a replay to one file of JSON lines for each requested topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from streams.dead_letter import dead_letter_line
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.topics import DEAD_LETTER, Topic


class FileSink:
    """Writes each record's value as a line, with the same bytes as in Kafka; dead letters have headers and key, too.

    A context manager. Files are opened at its beginning, so that a wrong path raises before any work is done.
    """

    def __init__(self, paths: Mapping[Topic, Path | None]) -> None:
        self._paths = {topic.name: path for topic, path in paths.items() if path is not None}
        self._files: dict[str, BinaryIO] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            for name, path in self._paths.items():
                self._files[name] = self._open.enter_context(path.open("wb"))
        except OSError as error:
            self._open.close()
            raise UsageError(
                f"Can't write {error.filename}: {error.strerror}.", "Name a file in a folder that exists."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __call__(self, topic: Topic, record: LogRecord) -> None:
        """Takes one record."""
        file = self._files.get(topic.name)
        if file is not None:
            file.write(_LINE.get(topic.name, _value)(record) + b"\n")


def _value(record: LogRecord) -> bytes:
    return record.value or b"null"


def _dead_letter(record: LogRecord) -> bytes:
    return dead_letter_line(record.key, record.value, record.headers)


_LINE: dict[str, Callable[[LogRecord], bytes]] = {DEAD_LETTER.name: _dead_letter}
