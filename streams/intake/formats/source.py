"""Lines of a file, packed or not, or of standard input; one at a time, and none without end."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from streams.intake.formats.line import RawLine
from weir.errors import UsageError

STANDARD_INPUT = "-"
# As large as a record of the events topic can be: what is cut off here could not have come by Kafka either.
LONGEST_LINE_BYTES = 2 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_source(name: str) -> None:
    """Sees that there is a file to read, before any work is done.

    Raises:
        UsageError: there is none, it is a directory, or may not be read.
    """
    if name != STANDARD_INPUT:
        with _open(name):
            pass


def read_lines(name: str) -> Iterator[RawLine]:
    """The lines of a file with their numbers, without line ends.

    A line beyond `LONGEST_LINE_BYTES` is cut there and keeps one byte more than that, so that it can be told.

    Raises:
        UsageError: the file can't be read.
    """
    with _open(name) as file:
        try:
            for number, line in enumerate(_bounded_lines(file), 1):
                whole = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
                yield number, whole.removesuffix(b"\n").removesuffix(b"\r")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(f"{name} is a damaged gzip file: {error}.", "Fetch it again.") from error


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        rest = line
        while not rest.endswith(b"\n") and len(rest) > LONGEST_LINE_BYTES:
            rest = file.readline(LONGEST_LINE_BYTES + 1)
        yield line


@contextmanager
def _open(name: str) -> Iterator[IO[bytes]]:
    if name == STANDARD_INPUT:
        yield _unpacked(cast("BinaryIO", sys.stdin.buffer))
        return
    path = Path(name)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {name}.", "Check the path.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{name} is a directory.", "Name a file, or - for standard input.") from error
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.", "Check who may read it.") from error
    with file:
        yield _unpacked(file)


def _unpacked(file: BinaryIO) -> IO[bytes]:
    peek = getattr(file, "peek", None)
    if peek is not None and peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] == _GZIP_MAGIC:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    return file
