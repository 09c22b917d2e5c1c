"""Files that Weir reads: one module a format, all of them listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from streams.decode import Refused, decode
from streams.intake.formats import access_log, events, otto, snowplow
from streams.intake.formats.line import BadLine, Candidate, Line, RawLine, Unreadable
from streams.intake.formats.source import LONGEST_LINE_BYTES, check_source, read_lines
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import UsageError

__all__ = ["FORMATS", "BadLine", "Format", "Line", "check_source", "read"]

MAX_RECORD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of files."""

    meaning: str
    candidates: Callable[[Iterable[RawLine]], Iterator[Candidate | Unreadable]]
    sorts: bool = False
    """Its lines are not in the order of arrival: events are sorted stably by `ts`, which holds the file in memory."""


FORMATS: Mapping[str, Format] = {
    "events": Format("JSON lines, each an event of Weir's own contract", events.candidates),
    "access-log": Format("Apache's and nginx's combined or common log", access_log.candidates),
    "otto": Format("the OTTO shop's sessions, JSON lines", otto.candidates, sorts=True),
    "snowplow": Format("Snowplow's events as CSV with a header", snowplow.candidates, sorts=True),
}


def read(line_format: str, name: str, max_record_bytes: int = MAX_RECORD_BYTES) -> Iterator[Line | BadLine]:
    """The events of a file, or of standard input (`-`); unpacks gzip.

    Each is checked as a record of the events topic would be. Unreadable lines come where they stand, before the
    events where the format sorts.

    Raises:
        UsageError: there is no such format, or the file can't be read or is of another format as a whole.
    """
    chosen = FORMATS.get(line_format)
    if chosen is None:
        raise UsageError(f"There is no format {line_format}.", f"Choose one of {', '.join(FORMATS)}.")
    found = _checked(chosen, name, max_record_bytes)
    return _sorted(found) if chosen.sorts else found


def _checked(chosen: Format, name: str, max_record_bytes: int) -> Iterator[Line | BadLine]:
    for made in chosen.candidates(read_lines(name)):
        if len(made.raw) > LONGEST_LINE_BYTES:
            detail = f"The line has more than {LONGEST_LINE_BYTES} bytes; what came first of it is kept."
            yield BadLine(name, made.number, made.raw[:LONGEST_LINE_BYTES], DeadLetterReason.TOO_LARGE, detail)
        elif isinstance(made, Unreadable):
            yield BadLine(name, made.number, made.raw, made.reason, made.detail)
        else:
            yield _line(name, made, max_record_bytes)


def _line(name: str, made: Candidate, max_record_bytes: int) -> Line | BadLine:
    decoded = decode(made.value, max_record_bytes)
    if isinstance(decoded, Refused):
        return BadLine(name, made.number, made.raw, decoded.reason, decoded.detail)
    return Line(name, made.number, decoded.event.visitor_id.encode(), made.value, decoded.ts)


def _sorted(found: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
    lines = []
    for line in found:
        if isinstance(line, BadLine):
            yield line
        else:
            lines.append(line)
    lines.sort(key=lambda line: line.ts)
    yield from lines
