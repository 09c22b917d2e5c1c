"""JSON lines, each an event as it would lie on the events topic; sent byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """Every line as it is."""
    for number, raw in not_blank(lines):
        yield ParsedLine(number, raw, raw)
