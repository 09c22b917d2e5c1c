"""Snowplow's events: CSV with a header, JSON lines as BigQuery exports them, or the enriched stream's TSV.

The first line decides which of the three a file is. `page_ping` becomes `ping`, `link_click` becomes `click`, and
`transaction` becomes `purchase`; other names stay. `snowplow_shop.py` reads the e-commerce columns. Rows without a
`domain_userid` become dead letters with the reason `no_visitor`. Rows are in the order of loading, so events are sorted
by `ts`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from streams.intake.formats.export import FieldMap, Fields, JsonObject, RowError, finish, read_objects
from streams.intake.formats.snowplow_enriched import enriched_row, is_enriched
from streams.intake.formats.snowplow_shop import SHOP, shop_columns, shop_objects
from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode
from weir.errors import UsageError

FIELDS: Fields = (
    ("event_id", "event_id"),
    ("domain_userid", "visitor_id"),
    ("user_id", "account_id"),
    ("snowplow_ecommerce.action.type", "type"),
    ("event_name", "type"),
    ("derived_tstamp", "ts"),
    ("collector_tstamp", "ts"),
    ("page_url", "url"),
    ("page_referrer", "referrer"),
    ("useragent", "user_agent"),
    ("user_ipaddress", "ip"),
    ("snowplow_ecommerce.product.id", "item_id"),
    ("snowplow_ecommerce.transaction.revenue", "value"),
    ("tr_total", "value"),
    ("snowplow_ecommerce.transaction.currency", "currency"),
    ("tr_currency", "currency"),
    ("page_title", "properties.page_title"),
    ("app_id", "properties.app_id"),
    ("domain_sessionid", "properties.domain_sessionid"),
    ("snowplow_ecommerce.transaction.transaction_id", "properties.order_id"),
    ("tr_orderid", "properties.order_id"),
)
LOST = (
    "all products of an event but the first, with prices and quantities",
    "contexts, derived_contexts and unstruct_event, but for the shop's",
    "se_category, se_action, se_label, se_property and se_value",
    "network_userid, geo, marketing, browser, operating system and device",
)
SAMPLE = (
    b"event_id,domain_userid,derived_tstamp,event_name,page_url,page_referrer,useragent,user_ipaddress,user_id\n"
    b"0b9c-1,5f0c-anna,2026-03-01 10:15:02.250,page_view,https://shop.example.com/shoes,https://example.com/,"
    b'"Mozilla/5.0 (X11; Linux x86_64)",203.0.113.9,\n'
    b"0b9c-2,5f0c-anna,2026-03-01 10:15:12.250,page_ping,https://shop.example.com/shoes,,"
    b'"Mozilla/5.0 (X11; Linux x86_64)",203.0.113.9,customer-17\n'
)

_REQUIRED = ("event_id", "domain_userid", "derived_tstamp", "event_name")
_TIMES = ("derived_tstamp", "collector_tstamp")
_TYPES = {"page_ping": "ping", "link_click": "click", "transaction": "purchase"}
_NAME = "a row of Snowplow's events"
_fields = FieldMap(FIELDS)


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """One event for each row. A CSV row may span several lines; its number is that of the first.

    Raises:
        UsageError: The first row is not JSON, an enriched event, or a CSV header with the required columns.
    """
    rest = iter(lines)
    first = next(not_blank(rest), None)
    if first is None:
        return
    all_lines = chain([first], rest)
    if first[1].lstrip().startswith(b"{"):
        yield from read_objects(all_lines, _NAME, _json_event)
    elif is_enriched(first[1]):
        yield from _enriched(not_blank(all_lines))
    else:
        yield from _csv(all_lines)  # blank lines may be part of a quoted text


def _event(row: JsonObject, shop: dict[str, object]) -> dict[str, object]:
    if not row.get("domain_userid"):
        raise RowError("The row's domain_userid is empty.", DeadLetterReason.NO_VISITOR)
    event = _fields.read({**row, SHOP: shop})
    kind = event.get("type")
    if isinstance(kind, str):
        event["type"] = _TYPES.get(kind, kind)
    return finish(event)


def _json_event(row: JsonObject) -> dict[str, object]:
    # An export may leave out columns that are null, but every event has these.
    missing = [name for name in ("event_id", "event_name") if not isinstance(row.get(name), str)]
    if missing:
        raise RowError(f"The line is not {_NAME}: its field {missing[0]} must be a string.")
    if all(row.get(name) is None for name in _TIMES):
        raise RowError(f"The line is not {_NAME}: its field derived_tstamp must be a time.")
    return _event(row, shop_objects(shop_columns(row), row))


def _enriched(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    for number, raw in lines:
        try:
            event = _event(*enriched_row(raw))
        except UnicodeDecodeError:
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The row is not UTF-8.")
        except RowError as error:
            yield Unreadable(number, raw, error.reason, str(error))
        else:
            yield ParsedLine(number, raw, encode(event))


def _csv(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
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


def _candidate(number: int, raw: bytes, row: JsonObject, shop: dict[str, str]) -> ParsedLine | Unreadable:
    try:
        return ParsedLine(number, raw, encode(_event(row, shop_objects(shop, row))))
    except RowError as error:
        return Unreadable(number, raw, error.reason, str(error))


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
            f"The file's first line has no column {missing[0]}.",
            "Format snowplow reads the events table as CSV with a header or JSON lines, or enriched events as TSV.",
        )
    return row


def _rows(lines: Iterable[RawLine]) -> Iterator[tuple[int, bytes, list[str] | str]]:
    """Number, bytes and columns of each row; instead of the columns, an error message if the row is invalid."""
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
            row = f"The row is not valid CSV: {error}."
        raw = b"\n".join(line for _, line in taken)
        if raw and not raw.isspace():
            yield taken[0][0], raw, row
