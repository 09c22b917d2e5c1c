"""Makes events of a log's lines, by any layout; `decode` checks the events afterwards."""

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
    """Parses lines of a log."""

    @property
    def absolute(self) -> bool:
        """Whether URLs include the site's scheme and host."""

    def parse(self, line: str) -> LineValues:
        """Parses a line; raises ValueError if the line has another layout."""


@dataclass(slots=True)
class LogCounts:
    """Counts of a log's lines for the summary."""

    extras: Counter[str] = field(default_factory=Counter)
    """Lines by the columns that the layout does not have, under the names of their properties."""
    forwarded: Counter[str] = field(default_factory=Counter)
    """Lines by connection address, for connections that forwarded for another address but are no known proxies."""


def log_candidates(
    lines: Iterable[RawLine],
    parser: Parser,
    trusted: Trusted,
    counts: LogCounts,
    server_addresses: Collection[str] = (),
) -> Iterator[ParsedLine | Unreadable]:
    """Makes one event of each line. Its id is the hash of the line's bytes with the number 1; see `numbered`."""
    for number, raw in not_blank(lines):
        try:
            # Invalid UTF-8 is replaced and not refused: otherwise a client could hide its requests by such bytes.
            line = raw.decode(errors="replace")
            if line[:1] == "#" and isinstance(parser, W3cParser):
                parser.directive(line)
                continue
            row = parser.parse(line)
            event = event_of(row.values, row.properties, trusted, absolute=parser.absolute)
            if row.extras:
                _refuse_hidden_client(row, str(event["ip"]), trusted, server_addresses)
        except NoClientError as error:
            yield Unreadable(number, raw, DeadLetterReason.NO_VISITOR, str(error))
        except ValueError as error:
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, _as_message(str(error)))
        else:
            counts.extras.update(name for name, _ in row.extras)
            if "unusual_account" in row.properties:
                counts.extras["unusual_account"] += 1
            if Field.FORWARDED in row.values and untrusted_forwarded_address(row, str(event["ip"])) is not None:
                counts.forwarded[str(event["ip"])] += 1
            content = xxh3_64_hexdigest(raw)
            url = event.get("url")
            is_asset = isinstance(url, str) and is_asset_url(url)
            yield ParsedLine(number, raw, encode({"event_id": f"{content}-1"} | event), content, is_asset)


def numbered(value: bytes, content: str, number: int) -> bytes:
    """The event of the `number`-th of several equal lines, with that number in its id."""
    if number == 1:
        return value
    # `encode` sorts names, so a property that is also called event_id comes later than the field.
    first = b'"event_id":"%s-' % content.encode()
    return value.replace(first + b'1"', first + b'%d"' % number, 1)


def hidden_clients(row: LineValues, ip: str, trusted: Trusted) -> Iterator[tuple[str, str]]:
    """Names and texts of extra columns with public addresses, if the address used as the client's is not among them."""
    for name, text in row.extras:
        # Addresses with a port are those of upstream servers.
        listed = forwarded_addresses(text) if _ADDRESSES.fullmatch(text) and not _PORT.search(text) else []
        if listed and ip not in listed and not all(map(trusted.has, listed)):
            yield name, text


def _refuse_hidden_client(row: LineValues, ip: str, trusted: Trusted, server_addresses: Collection[str]) -> None:
    if trusted.has(ip):
        for name, text in hidden_clients(row, ip, trusted):
            if text in server_addresses:
                continue
            raise ValueError(
                f"{column_name(name)} is '{text[:60]}', which looks like the client's address, but {ip} is a proxy's."
            )


def column_name(name: str) -> str:
    """The name of an extra column in messages."""
    number = name.removeprefix("column_")
    return f"Column {number}" if number.isdigit() else f"Column {name}"


def untrusted_forwarded_address(row: LineValues, ip: str) -> str | None:
    """The last forwarded address if it is ignored, as the connection's own address is used as the client's."""
    listed = forwarded_addresses(str(row.values.get(Field.FORWARDED, "")))
    peer = without_port(str(row.values.get(Field.CLIENT, "")))
    return listed[-1] if listed and peer == ip and listed[-1] != ip else None


def _as_message(text: str) -> str:
    return text if text.endswith(".") else f"The line can't be read: {text}."
