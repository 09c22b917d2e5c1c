"""JSON lines, each the value of a record of the events topic, which is sent byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """Every line, unchanged."""
    for number, raw in not_blank(lines):
        yield ParsedLine(number, raw, raw)
