"""Lines of a log to candidates for events, by any layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from xxhash import xxh3_64_hexdigest

from rules.limits.assets import is_asset_url
from streams.intake.layouts.clients import Trusted, forwarded_addresses, without_port
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.reading import NoClientError, event_of
from streams.intake.layouts.text import LineValues
from streams.intake.layouts.w3c import W3cParser
from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode

_ADDRESSES = re.compile(r"[0-9A-Fa-f.:, ]{7,1024}+")
_PORT = re.compile(r"\.[0-9]+:|\]:")


class Parser(Protocol):
    """What reads a line of a log."""

    @property
    def absolute(self) -> bool:
        """Whether URLs are written with the site's scheme and host."""

    def parse(self, line: str) -> LineValues:
        """The columns of a line; raises ValueError."""


@dataclass(slots=True)
class LogCounts:
    """What the summary says of a log."""

    extras: Counter[str] = field(default_factory=Counter)
    """Columns that the layout does not have, by the name under which they are carried."""
    forwarded: Counter[str] = field(default_factory=Counter)
    """Connections' addresses that are no proxy of the site's own, though they forwarded for another address."""


def log_candidates(
    lines: Iterable[RawLine],
    parser: Parser,
    trusted: Trusted,
    counts: LogCounts,
    own: Collection[str] = (),
) -> Iterator[ParsedLine | Unreadable]:
    """One event a line. Its id is a hash of the line's bytes, and its number among equal lines once it is sent."""
    for number, raw in not_blank(lines):
        try:
            # A client must not get rid of its lines by a byte that is no UTF-8.
            line = raw.decode(errors="replace")
            if line[:1] == "#" and isinstance(parser, W3cParser):
                parser.directive(line)
                continue
            row = parser.parse(line)
            event = event_of(row.values, row.properties, trusted, absolute=parser.absolute)
            if row.extras:
                _refuse_hidden_client(row, str(event["ip"]), trusted, own)
        except NoClientError as error:
            yield Unreadable(number, raw, DeadLetterReason.NO_VISITOR, str(error))
        except ValueError as error:
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, _sentence(str(error)))
        else:
            counts.extras.update(name for name, _ in row.extras)
            if "unusual_account" in row.properties:
                counts.extras["unusual_account"] += 1
            if Field.FORWARDED in row.values and disbelieved(row, str(event["ip"])) is not None:
                counts.forwarded[str(event["ip"])] += 1
            content = xxh3_64_hexdigest(raw)
            url = event.get("url")
            loaded = isinstance(url, str) and is_asset_url(url)
            yield ParsedLine(number, raw, encode({"event_id": f"{content}-1"} | event), content, loaded)


def numbered(value: bytes, content: str, number: int) -> bytes:
    """The event of the `number`-th of several equal lines."""
    if number == 1:
        return value
    # Names are in order, so that no property of the same name comes first.
    first = b'"event_id":"%s-' % content.encode()
    return value.replace(first + b'1"', first + b'%d"' % number, 1)


def hidden_clients(row: LineValues, ip: str, trusted: Trusted) -> Iterator[tuple[str, str]]:
    """Columns without a name, and their texts, that hold public addresses other than the one taken for the client's."""
    for name, text in row.extras:
        # A port tells an upstream's address.
        listed = forwarded_addresses(text) if _ADDRESSES.fullmatch(text) and not _PORT.search(text) else []
        if listed and ip not in listed and not all(map(trusted.has, listed)):
            yield name, text


def _refuse_hidden_client(row: LineValues, ip: str, trusted: Trusted, own: Collection[str]) -> None:
    if trusted.has(ip):
        for name, text in hidden_clients(row, ip, trusted):
            if text in own:
                continue
            raise ValueError(
                f"{column_name(name)} is '{text[:60]}', which looks like the client's address, and {ip} is a proxy's."
            )


def column_name(name: str) -> str:
    """As messages call a column that the layout does not have."""
    number = name.removeprefix("column_")
    return f"Column {number}" if number.isdigit() else f"Column {name}"


def disbelieved(row: LineValues, ip: str) -> str | None:
    """The address that a connection was forwarded for, if the connection's own address was taken for the client's."""
    listed = forwarded_addresses(str(row.values.get(Field.FORWARDED, "")))
    peer = without_port(str(row.values.get(Field.CLIENT, "")))
    return listed[-1] if listed and peer == ip and listed[-1] != ip else None


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"The line can't be read: {text}."
