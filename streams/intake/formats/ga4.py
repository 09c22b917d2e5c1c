"""Events of Google Analytics 4, as JSON lines of the `events_…` tables that it exports to BigQuery.

`screen_view` becomes `page_view`, `view_search_results` becomes `search`, and `in_app_purchase` becomes `purchase`;
other names stay. GA4's events have no id, so the id is made of the line's bytes. GA4 exports neither addresses nor user
agents, so rules on them never match these events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.intake.formats.export import FieldMap, Fields, JsonObject, RowError, finish, read_objects
from streams.intake.line import ParsedLine, RawLine, Unreadable
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.times import LATEST_S

FIELDS: Fields = (
    ("user_pseudo_id", "visitor_id"),
    ("user_id", "account_id"),
    ("event_name", "type"),
    ("event_timestamp", "ts"),
    ("event_params.page_location", "url"),
    ("event_params.page_referrer", "referrer"),
    ("items.item_id", "item_id"),
    ("event_params.item_id", "item_id"),
    ("ecommerce.purchase_revenue", "value"),
    ("event_params.value", "value"),
    ("event_params.currency", "currency"),
    ("event_params.search_term", "query"),
    ("event_params.page_title", "properties.page_title"),
    ("event_params.firebase_screen", "properties.page_title"),
    ("event_params.ga_session_id", "properties.session_id"),
    ("ecommerce.transaction_id", "properties.order_id"),
    ("event_params.transaction_id", "properties.order_id"),
    ("event_params.link_url", "properties.link_url"),
)
LOST = (
    "the client's address and user agent, which GA4 does not export",
    "all items but the first, with prices and quantities",
    "further event_params, and user_properties",
    "device, geo, app_info, traffic_source and privacy_info",
)
SAMPLE = (
    b'{"event_date":"20260301","event_timestamp":"1772360102250000","event_name":"page_view",'
    b'"user_pseudo_id":"1234567890.1772360000","event_params":['
    b'{"key":"page_location","value":{"string_value":"https://shop.example.com/shoes"}},'
    b'{"key":"page_referrer","value":{"string_value":"https://example.com/"}},'
    b'{"key":"page_title","value":{"string_value":"Shoes"}},'
    b'{"key":"ga_session_id","value":{"int_value":"1772360000"}}],"device":{"category":"desktop"}}\n'
    b'{"event_date":"20260301","event_timestamp":"1772360500100000","event_name":"purchase",'
    b'"user_pseudo_id":"1234567890.1772360000","user_id":"customer-17","event_params":['
    b'{"key":"currency","value":{"string_value":"EUR"}},{"key":"value","value":{"double_value":59.9}}],'
    b'"ecommerce":{"purchase_revenue":59.9,"transaction_id":"1001"},"items":[{"item_id":"shoe-1"}]}\n'
)

_NAME = "an event of GA4"
_TYPES = {"screen_view": "page_view", "view_search_results": "search", "in_app_purchase": "purchase"}
_VALUES = ("string_value", "int_value", "double_value", "float_value")
# GA4 writes this for a parameter that the site did not send.
_NOT_SET = "(not set)"
_MICROSECONDS_DIGITS = 16  # until the year 2286
_fields = FieldMap(FIELDS)


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """One event for each line."""
    return read_objects(lines, _NAME, _event, makes_ids=True)


def _event(row: JsonObject) -> dict[str, object]:
    name = row.get("event_name")
    if not isinstance(name, str) or not name:
        raise RowError(f"The line is not {_NAME}: its field event_name must be a string.")
    row["event_timestamp"] = _epoch_s(row.get("event_timestamp"))
    row["event_params"] = _parameters(row.get("event_params"))
    event = _fields.read(row, nothing=_NOT_SET)
    if "visitor_id" not in event:
        raise RowError("The event's user_pseudo_id is empty.", DeadLetterReason.NO_VISITOR)
    event["type"] = _TYPES.get(name, name)
    return finish(event)


def _epoch_s(value: object) -> float:
    """Seconds since the epoch; BigQuery writes integers as strings."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MICROSECONDS_DIGITS:
        value = int(value)
    # Refused here, since `decode` would read a number of seconds above 1e11 as milliseconds.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LATEST_S * 1e6:
        raise RowError(
            f"The line is not {_NAME}: its field event_timestamp must be an integer of microseconds since 1970."
        )
    return value / 1e6


def _parameters(value: object) -> JsonObject:
    """`event_params` as an object; if a key occurs twice, the first value counts."""
    parameters: JsonObject = {}
    if value is None:
        return parameters
    if not isinstance(value, list):
        raise RowError("The event's field event_params must be a list of objects with key and value.")
    for parameter in value:
        if not isinstance(parameter, dict) or not isinstance(key := parameter.get("key"), str):
            raise RowError("The event's field event_params must be a list of objects with key and value.")
        holder = parameter.get("value")
        if isinstance(holder, dict):
            found = next((holder[kind] for kind in _VALUES if holder.get(kind) is not None), None)
            parameters.setdefault(key, found)
    return parameters
