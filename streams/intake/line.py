"""The results of parsing a file's line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weir.contracts.dead_letter_reason import DeadLetterReason


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is a valid event, with key and value of its record."""

    source: str
    """The file's name as it was given; `-` is standard input."""
    number: int
    """Number of the line in its file, from 1."""
    key: bytes
    """The visitor id."""
    value: bytes
    """The event's JSON."""
    ts: float
    """The event's time, UTC seconds."""
    content: str = ""
    """Hash of the line's bytes if the event's id is made of the hash; empty if the line has an id."""
    raw: bytes = b""
    """The line's bytes if `content` is set."""
    is_asset: bool = False
    """Whether the line is about an asset of a page, such as an image; known only for server logs."""
    appended_s: float | None = None
    """Replacement for the line's time, in UTC seconds, if the line's time is implausible; see `stand_in_arrivals`."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not a valid event."""

    source: str
    number: int
    raw: bytes
    """The line's bytes without line end."""
    reason: DeadLetterReason
    detail: str


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """The event of a line, not checked by `decode` yet."""

    number: int
    raw: bytes
    value: bytes
    """JSON of the event."""
    content: str = ""
    """Hash of the line's bytes if the event's id is made of the hash."""
    is_asset: bool = False
    """Whether the line is about an asset of a page."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that the format can't read."""

    number: int
    raw: bytes
    reason: DeadLetterReason
    detail: str


RawLine = tuple[int, bytes]
"""A line's number and its bytes, without the line end."""


def not_blank(lines: Iterable[RawLine]) -> Iterator[RawLine]:
    """The lines that are not blank."""
    return (line for line in lines if line[1] and not line[1].isspace())
