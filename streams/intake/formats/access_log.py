r"""Access logs in Apache's common or combined format, which nginx writes too.

    203.0.113.9 - anna [17/May/2015:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2326 "https://…" "Mozilla/5.0 …"

- `visitor_id` is a hash of address and user agent; `account_id` is the logged-in user.
- `event_id` is the line's number and a hash of its bytes, so a file that is sent twice counts once.
- `type` is `page_view` for GET, and `request` for all else (a POST may be a log-in, a search or a post: the log doesn't
  say).
- `url` is path and query as requested. Escapes (`\"`, `\\`, `\xhh`) are undone; `-` is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

from xxhash import xxh3_64_hexdigest, xxh3_128_hexdigest

from streams.intake.formats.line import Candidate, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode

# Bounded and possessive throughout, so that no line takes more than linear time.
_QUOTED = r'"((?:[^"\\]++|\\.)*+)"'
_LINE = re.compile(
    r"(\S+) \S+ (.{1,512}?) "
    rf"\[([^\]]{{1,40}}+)\] {_QUOTED} ([0-9]{{3}}|-) ([0-9]+|-)(?: {_QUOTED} {_QUOTED})?"
    rf"(?: (?:{_QUOTED}|[^\" ]++))*+"  # what the server's administrator added
)
_TIME = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})", re.ASCII)
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}
# Not by the locale's names: a log is English wherever it is read.
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_NOTHING = "-"


def candidates(lines: Iterable[RawLine]) -> Iterator[Candidate | Unreadable]:
    """One event a line."""
    for number, raw in not_blank(lines):
        try:
            event = _event(number, raw)
        except UnicodeDecodeError:
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The line is not UTF-8.")
        except ValueError as error:
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, str(error))
        else:
            yield Candidate(number, raw, encode(event))


def _event(number: int, raw: bytes) -> dict[str, object]:
    parts = _LINE.fullmatch(raw.decode())
    if parts is None:
        raise ValueError("The line is not in Apache's common or combined format: it may be cut off.")
    address, account, time, request, status, size, referrer, agent = parts.groups()[:8]
    user_agent = _text(agent)
    method, url = _method_and_url(_text(request))
    event = {
        "event_id": f"{number}-{xxh3_64_hexdigest(raw)}",
        "visitor_id": xxh3_128_hexdigest(f"{address}\0{user_agent or ''}".encode()),
        "account_id": _text(account),
        "type": "page_view" if method == "GET" else "request",
        "ts": _epoch_s(time),
        "url": url,
        "referrer": _text(referrer),
        "user_agent": user_agent,
        "ip": address,
        "method": method,
        "status": _number(status),
        "bytes": _number(size),
    }
    return {name: value for name, value in event.items() if value is not None}


def _method_and_url(request: str | None) -> tuple[str | None, str | None]:
    """Method and target of a request line; what is no request line (TLS to a plain port, noise) is a target alone."""
    if request is None:
        return None, None
    method, space, rest = request.partition(" ")
    if not space or not method.isascii() or not method.isalpha() or not method.isupper():
        return None, request
    target, _, protocol = rest.rpartition(" ")
    return method, target if target and protocol.startswith("HTTP/") else rest


def _epoch_s(text: str) -> float:
    parts = _TIME.fullmatch(text)
    if parts is None or parts[2] not in _MONTHS:
        raise ValueError("The line's time is not of the form 17/May/2015:10:05:03 +0000.")
    day, _, year, hour, minute, second, sign, zone_hours, zone_minutes = parts.groups()
    ahead = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == "-" else 1)
    try:
        moment = datetime(
            int(year), _MONTHS[parts[2]], int(day), int(hour), int(minute), int(second), tzinfo=timezone(ahead)
        )
        return moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError("The line's time is no time of the calendar.") from error


def _number(text: str) -> int | None:
    # More digits than any size has: left to the event's own bounds, without asking int() for a thousand of them.
    return None if text == _NOTHING else int(text[:20])


def _text(quoted: str | None) -> str | None:
    if quoted is None or quoted in {_NOTHING, ""}:
        return None
    if "\\" not in quoted:
        return quoted
    return _ESCAPE.sub(_unescape, quoted.encode()).decode(errors="replace")


def _unescape(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    if len(code) > 1:
        return bytes.fromhex(code[1:].decode())
    return _CONTROL.get(code, code)
