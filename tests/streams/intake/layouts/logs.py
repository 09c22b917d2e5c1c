"""Lines of logs for the tests of layouts, and what Weir makes of them."""

from __future__ import annotations

import json
from typing import Any

from streams.intake.formats.registry import LAYOUTS
from streams.intake.layouts.candidates import LogCounts, Parser, log_candidates
from streams.intake.layouts.clients import Trusted
from streams.intake.layouts.json_lines import JsonParser
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.layouts.text import TextParser
from streams.intake.line import ParsedLine, Unreadable

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
COMBINED = (
    '203.0.113.9 - anna [17/May/2015:10:05:03 +0200] "GET /shop?page=2 HTTP/1.1" 200 2326 '
    f'"https://example.com/" "{AGENT}"'
)


def parser_of(layout: Layout | JsonLayout) -> TextParser | JsonParser:
    return TextParser(layout) if isinstance(layout, Layout) else JsonParser(layout)


def layout(name: str) -> Layout | JsonLayout:
    return next(one for one in LAYOUTS if one.name == name)


def made_of(parser: Parser, *lines: str, trusted: Trusted | None = None) -> list[dict[str, Any] | str]:
    """The event of each line, or what is wrong with it."""
    raw = [(number, line.encode(errors="surrogateescape")) for number, line in enumerate(lines, 1)]
    made: list[ParsedLine | Unreadable] = list(log_candidates(raw, parser, trusted or Trusted(), LogCounts()))
    return [json.loads(one.value) if isinstance(one, ParsedLine) else one.detail for one in made]


def event_of(name: str, line: str, trusted: Trusted | None = None) -> dict[str, Any]:
    """The event of one line in a shipped layout."""
    (event,) = made_of(parser_of(layout(name)), line, trusted=trusted)
    assert isinstance(event, dict), event
    return event


def problem_of(name: str, line: str) -> str:
    """Why a line is not of a shipped layout."""
    (problem,) = made_of(parser_of(layout(name)), line)
    assert isinstance(problem, str), problem
    return problem
