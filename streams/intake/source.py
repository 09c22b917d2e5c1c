"""Reads lines of bounded length, one at a time, from a plain or compressed file or from standard input."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from xxhash import xxh3_128

from streams.intake.line import RawLine
from weir.errors import UsageError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STANDARD_INPUT = "-"
# The greatest size of a record of the events topic: a longer line could not be sent to Kafka either.
LONGEST_LINE_BYTES = 2 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1024 * 1024
_PACKED: dict[bytes, tuple[str, Callable[[BinaryIO], IO[bytes]]]] = {
    b"\x1f\x8b": ("gzip", lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))),
    b"BZh": ("bzip2", lambda file: cast("IO[bytes]", bz2.BZ2File(file))),
    b"\xfd7zXZ\x00": ("xz", lambda file: cast("IO[bytes]", lzma.LZMAFile(file))),  # noqa: SIM115 -- `_open` closes it
    b"\x28\xb5\x2f\xfd": ("zstd", lambda file: cast("IO[bytes]", zstd.ZstdFile(file))),
}
"""Readers of compressed files by magic bytes."""
_REFUSED = {
    b"\xff\xfe\x00\x00": ("is UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8."),
    b"\x00\x00\xfe\xff": ("is UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8."),
    b"\xff\xfe": ("is UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8."),
    b"\xfe\xff": ("is UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8."),
    b"PK\x03\x04": ("is a zip archive", "Unpack it, and name the files in it."),
    b"7z\xbc\xaf\x27\x1c": ("is a 7z archive", "Unpack it, and name the files in it."),
    b"\x1f\x9d": ("is packed with compress", "Unpack it with uncompress."),
    b"\x04\x22\x4d\x18": ("is packed with lz4", "Unpack it with lz4 -d."),
    b"PAR1": ("is a Parquet file", "Export it as JSON lines."),
    b"Obj\x01": ("is an Avro file", "Export it as JSON lines."),
}
"""Formats that can't be read, by magic bytes, with advice."""
_MAX_MAGIC_BYTES = max(map(len, (*_PACKED, *_REFUSED)))
_MIN_UTF16_BYTES = 8
_TAR_AT, _TAR = 257, b"ustar"
_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError)


def check_source(name: str) -> None:
    """Checks that the file can be read, before any work is done.

    Raises:
        UsageError: The file doesn't exist, is a directory, or may not be read.
    """
    if name != STANDARD_INPUT and (is_regular(name) or not Path(name).exists() or Path(name).is_dir()):
        with _open(name):
            pass


def is_regular(name: str) -> bool:
    """Whether the file can be read more than once, unlike a pipe or a terminal."""
    return name != STANDARD_INPUT and Path(name).is_file()


def read_lines(name: str) -> Iterator[RawLine]:
    """The lines of a file with their numbers, without line ends.

    A line beyond `LONGEST_LINE_BYTES` is cut to one byte more than that, so that it is recognised as too long.

    Raises:
        UsageError: The file can't be read, is damaged, or has a compression or an encoding that Weir does not read.
    """
    with _unpacked(name) as file:
        for number, line in enumerate(_bounded_lines(file), 1):
            whole = line
            if number == 1:
                whole = line.removeprefix(_BYTE_ORDER_MARK)
                _refuse(name, whole)
            yield number, whole.removesuffix(b"\n").removesuffix(b"\r")


def content_hash(name: str) -> bytes:
    """Hash of a file's unpacked bytes, which is equal for copies of a file.

    Raises:
        UsageError: As in `read_lines`.
    """
    found = xxh3_128()
    with _unpacked(name) as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block)
    return found.digest()


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        rest = line
        while not rest.endswith(b"\n") and len(rest) > LONGEST_LINE_BYTES:
            rest = file.readline(LONGEST_LINE_BYTES + 1)
        yield line


def _refuse(name: str, start: bytes) -> None:
    for magic, (what, advice) in _REFUSED.items():
        if start.startswith(magic):
            raise UsageError(f"{name} {what}, which Weir does not read.", advice)
    if start[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise UsageError(f"{name} is a tar archive, which Weir does not read.", "Unpack it, and name the files in it.")
    # Without a byte order mark, UTF-16 is recognised by ASCII text, which has a zero beside each letter.
    sides = (start[:64:2], start[1:64:2])
    if len(start) >= _MIN_UTF16_BYTES and sorted(side.count(0) / len(side) for side in sides) == [0.0, 1.0]:
        raise UsageError(f"{name} is UTF-16, which Weir does not read.", "Convert it: iconv -f UTF-16LE -t UTF-8.")


@contextmanager
def _unpacked(name: str) -> Iterator[IO[bytes]]:
    with _open(name) as file:
        start = getattr(file, "peek", lambda _: b"")(_MAX_MAGIC_BYTES)
        packing, unpack = next((how for magic, how in _PACKED.items() if start.startswith(magic)), ("", None))
        if unpack is None:
            yield file
            return
        try:
            yield unpack(file)
        except _DAMAGED as error:
            raise UsageError(f"{name} is a damaged {packing} file: {error}.", "Fetch it again.") from error


@contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        yield cast("BinaryIO", sys.stdin.buffer)
        return
    path = Path(name)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {name}.", "Check the path.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{name} is a directory.", "Name a file, or - for standard input.") from error
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.", "Check the file's permissions.") from error
    with file:
        yield file
