"""Snowplow's events as CSV with a header, as its warehouse loaders and dbt packages have them.

| column | field |
|---|---|
| `domain_userid` | `visitor_id`; rows without one belong to no session, and are told apart by their reason |
| `derived_tstamp` | `ts` |
| `event_name` | `type`: `page_ping` is `ping`, `link_click` is `click`, others as they are |
| `user_id` | `account_id` |
| `event_id`, `page_url`, `page_referrer`, `useragent`, `user_ipaddress` | of like meaning |
| `page_title`, `app_id`, `domain_sessionid` | `properties` |

A shop's rows say more, see `snowplow_shop.py`. Rows lie in the order of loading: events are sorted by `ts`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from streams.intake.formats.line import Candidate, RawLine, Unreadable
from streams.intake.formats.snowplow_shop import shop_columns, shop_fields
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode
from weir.errors import UsageError

_REQUIRED = ("event_id", "domain_userid", "derived_tstamp", "event_name")
_FIELDS = {
    "event_id": "event_id",
    "domain_userid": "visitor_id",
    "user_id": "account_id",
    "event_name": "type",
    "derived_tstamp": "ts",
    "page_url": "url",
    "page_referrer": "referrer",
    "useragent": "user_agent",
    "user_ipaddress": "ip",
}
_CARRIED = ("page_title", "app_id", "domain_sessionid")
_TYPES = {"page_ping": "ping", "link_click": "click"}


def candidates(lines: Iterable[RawLine]) -> Iterator[Candidate | Unreadable]:
    """One event a row; a row may span lines, and has the number of its first.

    Raises:
        UsageError: the first row is not a header of Snowplow's events.
    """
    header: list[str] | None = None
    shop: dict[str, str] = {}
    for number, raw, row in _rows(lines):
        if isinstance(row, str):
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, row)
        elif not _is_utf8(raw):
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The row is not UTF-8.")
        elif header is None:
            header = _checked_header(row)
            shop = shop_columns(header)
        elif len(row) != len(header):
            detail = f"The row has {len(row)} columns, the header {len(header)}: it may be cut off."
            yield Unreadable(number, raw, DeadLetterReason.UNREADABLE_LINE, detail)
        else:
            yield _candidate(number, raw, dict(zip(header, row, strict=True)), shop)


def _candidate(number: int, raw: bytes, row: dict[str, str], shop: dict[str, str]) -> Candidate | Unreadable:
    if not row["domain_userid"]:
        return Unreadable(number, raw, DeadLetterReason.NO_VISITOR, "The row's domain_userid is empty.")
    event: dict[str, object] = {field: row[column] for column, field in _FIELDS.items() if row.get(column)}
    event["type"] = _TYPES.get(row["event_name"], row["event_name"])
    event |= shop_fields(shop, row)
    carried = {column: row[column] for column in _CARRIED if row.get(column)}
    if carried:
        event["properties"] = carried
    return Candidate(number, raw, encode(event))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _checked_header(row: list[str]) -> list[str]:
    missing = [column for column in _REQUIRED if column not in row]
    if missing:
        raise UsageError(
            f"The file has no column {missing[0]} in its first line.",
            "Format snowplow wants the events table as CSV with a header.",
        )
    return row


def _rows(lines: Iterable[RawLine]) -> Iterator[tuple[int, bytes, list[str] | str]]:
    """Number, bytes and columns of each row, or what is wrong with it."""
    taken: list[RawLine] = []

    def texts() -> Iterator[str]:
        for number, raw in lines:
            taken.append((number, raw))
            yield raw.decode(errors="surrogateescape") + "\n"

    reader = csv.reader(texts())
    while True:
        taken.clear()
        try:
            row: list[str] | str = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = f"The row is no CSV: {error}."
        raw = b"\n".join(line for _, line in taken)
        if raw and not raw.isspace():
            yield taken[0][0], raw, row
