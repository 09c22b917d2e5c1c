"""Lines of a log to candidates for events, by any layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from xxhash import xxh3_64_hexdigest

from rules.limits.assets import is_asset_url
from streams.intake.layouts.clients import Trusted, forwarded_addresses
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.reading import NoClientError, event_of
from streams.intake.layouts.text import Row
from streams.intake.layouts.w3c import W3cParser
from streams.intake.line import Candidate, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode

ID_START = b'{"event_id":"'


class Parser(Protocol):
    """What reads a line of a log."""

    @property
    def absolute(self) -> bool:
        """Whether URLs are written with the site's scheme and host."""

    def parse(self, line: str) -> Row:
        """The columns of a line; raises ValueError."""


@dataclass(slots=True)
class LogCounts:
    """What the summary says of a log."""

    extras: Counter[str] = field(default_factory=Counter)
    """Columns that the layout does not have, by the name under which they are carried."""
    forwarded: Counter[str] = field(default_factory=Counter)
    """Connections' addresses that are no proxy of the site's own, though they forwarded for another address."""


def log_candidates(
    lines: Iterable[RawLine], parser: Parser, trusted: Trusted, counts: LogCounts
) -> Iterator[Candidate | Unreadable]:
    """One event a line. Its id is a hash of the line's bytes, and its number among equal lines once it is sent."""
    for number, raw in not_blank(lines):
        try:
            line = raw.decode()
            if line[:1] == "#" and isinstance(parser, W3cParser):
                parser.directive(line)
                continue
            row = parser.parse(line)
            event = event_of(row.values, row.properties, trusted, absolute=parser.absolute)
        except UnicodeDecodeError:
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The line is not UTF-8.")
        except NoClientError as error:
            yield Unreadable(number, raw, DeadLetterReason.NO_VISITOR, str(error))
        except ValueError as error:
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, _sentence(str(error)))
        else:
            counts.extras.update(name for name, _ in row.extras)
            if Field.FORWARDED in row.values:
                _count_forwarded(counts, row, str(event["ip"]))
            content = xxh3_64_hexdigest(raw)
            url = event.get("url")
            loaded = isinstance(url, str) and is_asset_url(url)
            yield Candidate(number, raw, encode({"event_id": f"{content}-1"} | event), content, loaded)


def numbered(value: bytes, content: str, number: int) -> bytes:
    """The event of the `number`-th of several equal lines."""
    if number == 1:
        return value
    start = len(ID_START) + len(content)
    return b"%s-%d%s" % (value[:start], number, value[start + 2 :])


def _count_forwarded(counts: LogCounts, row: Row, ip: str) -> None:
    listed = forwarded_addresses(str(row.values[Field.FORWARDED]))
    if listed and listed[0] != ip:
        counts.forwarded[ip] += 1


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"The line can't be read: {text}."
