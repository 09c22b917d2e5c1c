"""Reads lines of files: chooses each file's format, orders the lines, and counts their outcomes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from streams.decode import Refused, decode
from streams.intake.choose_format import HEAD_LINES, Chosen, FormatRequest, choose
from streams.intake.formats.registry import LineOrder
from streams.intake.layouts.clients import Trusted
from streams.intake.line import BadLine, Line, ParsedLine, RawLine, Unreadable
from streams.intake.order import UnopenedFile, merged, numbered_among_equals, sorted_within, stand_in_arrivals, when
from streams.intake.source import LONGEST_LINE_BYTES, check_source, content_hash, is_regular, read_lines
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.settings import Settings

MAX_RECORD_BYTES = 1_000_000


@dataclass(slots=True)
class InputFile:
    """One file of the input, with counts of its lines so far."""

    name: str
    chosen: Chosen | None = None
    """None if the file has no line."""
    copy_of: str | None = None
    """Name of the file with the same content, which is read instead of this file."""
    lines: int = 0
    unreadable: Counter[DeadLetterReason] = field(default_factory=Counter)
    first_of: dict[DeadLetterReason, BadLine] = field(default_factory=dict)
    """The first line of each reason."""
    behind: int = 0
    """Lines whose times are so far behind an earlier line's that their sessions have closed."""

    @property
    def has_no_event(self) -> bool:
        """Whether the file has lines but no events."""
        return 0 < self.lines == self.unreadable.total()

    @property
    def unreadable_share(self) -> float:
        """Share of the file's lines that could not be read; lines without a visitor count as read."""
        bad = self.unreadable.total() - self.unreadable[DeadLetterReason.NO_VISITOR]
        return bad / self.lines if self.lines else 0.0


class Inputs:
    """The input files of one command, merged by time.

    Raises:
        UsageError: A file can't be read, or the requested format doesn't exist.
        WorkError: A file fits no known format, or it fits two formats that read its lines differently.
    """

    def __init__(self, names: Sequence[str], asked: FormatRequest, settings: Settings) -> None:
        asked.check()
        for name in names:
            check_source(name)
        self._settings = settings
        self._trusted = Trusted(settings.trusted_proxies)
        self._asked = asked
        self._streams: dict[str, Iterable[RawLine]] = {}
        self.files = self._without_copies([self._look(name) for name in dict.fromkeys(names)])
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.files.append(InputFile(name, copy_of=name))
            seen.add(name)

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return sum(file.lines for file in self.files)

    @property
    def unreadable(self) -> int:
        """Lines so far that became no event."""
        return sum(file.unreadable.total() for file in self.files)

    def read(self) -> Iterator[Line | BadLine]:
        """All lines of all files; each event is checked like a record of the events topic."""
        settings = self._settings
        used = [file for file in self.files if file.chosen is not None and file.copy_of is None]
        found: Iterator[Line | BadLine] = merged([self._source(file) for file in used])
        if any(file.chosen is not None and file.chosen.order is LineOrder.NEARLY_BY_TIME for file in used):
            found = numbered_among_equals(sorted_within(found, settings.grace_s), settings.gap_s + 2 * settings.grace_s)
        return found

    def _look(self, name: str) -> InputFile:
        lines = read_lines(name)
        head = list(itertools.islice(lines, HEAD_LINES))
        # Standard input, a pipe or a shell's `<(…)` can't be opened twice.
        self._streams[name] = head if is_regular(name) else itertools.chain(head, lines)
        return InputFile(name, choose(name, head, self._asked, self._trusted))

    def _without_copies(self, files: list[InputFile]) -> list[InputFile]:
        """Marks copies of other files. Only files with equal first lines are read completely for the comparison."""
        by_head: dict[tuple[RawLine, ...], list[InputFile]] = {}
        for file in files:
            if is_regular(file.name) and file.chosen is not None:
                by_head.setdefault(tuple(self._streams[file.name]), []).append(file)
        for alike in by_head.values():
            first: dict[bytes, str] = {}
            for file in alike if len(alike) > 1 else ():
                original = first.setdefault(content_hash(file.name), file.name)
                file.copy_of = original if original != file.name else None
        return files

    def _source(self, file: InputFile) -> UnopenedFile:
        chosen, head = file.chosen, self._streams[file.name]
        assert chosen is not None  # noqa: S101 -- for mypy: files without lines are left out
        if not is_regular(file.name) or chosen.order is LineOrder.NONE:
            return UnopenedFile(float("-inf"), file.name.encode(), partial(self._open, file, chosen))
        look = Chosen(chosen.name, chosen.order, chosen.read)
        times = [
            line.ts for line in _checked(InputFile(file.name), look, head, MAX_RECORD_BYTES) if isinstance(line, Line)
        ]
        tie = b"\n".join(raw for _, raw in head)
        return UnopenedFile(min(times, default=float("-inf")), tie, partial(self._open, file, chosen))

    def _open(self, file: InputFile, chosen: Chosen) -> Iterator[Line | BadLine]:
        raw = read_lines(file.name) if is_regular(file.name) else self._streams.pop(file.name)
        settings = self._settings
        found = _counted(file, _checked(file, chosen, raw, settings.max_record_bytes))
        if chosen.order is LineOrder.NONE:
            return _sorted(found)
        return _with_disorder(file, stand_in_arrivals(found, settings.max_ahead_s), settings.gap_s + settings.grace_s)


def _counted(file: InputFile, lines: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
    for line in lines:
        file.lines += 1
        if isinstance(line, BadLine):
            file.unreadable[line.reason] += 1
            file.first_of.setdefault(line.reason, line)
        yield line


def _with_disorder(file: InputFile, lines: Iterable[Line | BadLine], behind_s: float) -> Iterator[Line | BadLine]:
    newest = 0.0
    for line in lines:
        if isinstance(line, Line):
            at = when(line)
            newest = max(newest, at)
            file.behind += at < newest - behind_s
        yield line


def _checked(
    file: InputFile, chosen: Chosen, lines: Iterable[RawLine], max_record_bytes: int
) -> Iterator[Line | BadLine]:
    for parsed in chosen.read(lines, chosen.counts):
        if len(parsed.raw) > LONGEST_LINE_BYTES:
            detail = f"The line has more than {LONGEST_LINE_BYTES} bytes; only its first {LONGEST_LINE_BYTES} are kept."
            yield BadLine(file.name, parsed.number, parsed.raw[:LONGEST_LINE_BYTES], DeadLetterReason.TOO_LARGE, detail)
        elif isinstance(parsed, Unreadable):
            yield BadLine(file.name, parsed.number, parsed.raw, parsed.reason, parsed.detail)
        else:
            yield _line(file.name, parsed, max_record_bytes)


def _line(name: str, parsed: ParsedLine, max_record_bytes: int) -> Line | BadLine:
    decoded = decode(parsed.value, max_record_bytes)
    if isinstance(decoded, Refused):
        return BadLine(name, parsed.number, parsed.raw, decoded.reason, decoded.detail)
    raw = parsed.raw if parsed.content else b""
    key = decoded.event.visitor_id.encode()
    return Line(name, parsed.number, key, parsed.value, decoded.ts, parsed.content, raw, parsed.is_asset)


def _sorted(found: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
    lines = []
    for line in found:
        if isinstance(line, BadLine):
            yield line
        else:
            lines.append(line)
    lines.sort(key=lambda line: line.ts)
    yield from lines


def read(line_format: str | None, name: str) -> Iterator[Line | BadLine]:
    """The events of one file, with default settings. Without `line_format`, the format is chosen by the first lines.

    Raises:
        WeirError: As in `Inputs`.
    """
    return Inputs([name], FormatRequest(line_format), Settings()).read()
