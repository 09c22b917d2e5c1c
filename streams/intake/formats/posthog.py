"""Events of PostHog's batch exports and API, one JSON object a line.

`$pageview` and `$screen` become `page_view`; an `$autocapture` of a click becomes `click`. Names of the e-commerce spec
become Weir's types; other names lose their `$` and are snake-cased. The visitor is the `$device_id`, since
`distinct_id` changes within a session when a person is identified. Events that a server sends have no `$device_id`, so
their visitor is the `distinct_id`. The account is `$user_id`, or the `distinct_id` of an identified person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from streams.intake.formats.export import (
    COMMERCE_TYPES,
    FieldMap,
    Fields,
    JsonObject,
    RowError,
    finish,
    read_objects,
    snake_case,
    text,
)
from streams.intake.line import ParsedLine, RawLine, Unreadable
from weir.contracts.dead_letter_reason import DeadLetterReason

FIELDS: Fields = (
    ("uuid", "event_id"),
    ("id", "event_id"),
    ("properties.$device_id", "visitor_id"),
    ("distinct_id", "visitor_id"),
    ("properties.$user_id", "account_id"),
    ("distinct_id", "account_id"),
    ("event", "type"),
    ("timestamp", "ts"),
    ("properties.$current_url", "url"),
    ("properties.$pathname", "url"),
    ("properties.$referrer", "referrer"),
    ("properties.$raw_user_agent", "user_agent"),
    ("properties.$user_agent", "user_agent"),
    ("properties.$ip", "ip"),
    ("ip", "ip"),
    ("properties.product_id", "item_id"),
    ("properties.sku", "item_id"),
    ("properties.products.product_id", "item_id"),
    ("properties.products.sku", "item_id"),
    ("properties.revenue", "value"),
    ("properties.total", "value"),
    ("properties.value", "value"),
    ("properties.currency", "currency"),
    ("properties.query", "query"),
    ("properties.title", "properties.page_title"),
    ("properties.$screen_name", "properties.page_title"),
    ("properties.$session_id", "properties.session_id"),
    ("properties.order_id", "properties.order_id"),
)
LOST = (
    "all products of a list but the first, with prices and quantities",
    "further properties of the event, $set, $set_once and groups",
    "person_id, person_properties and team_id",
    "elements: what was clicked",
)
SAMPLE = (
    b'{"uuid":"0190a1b2-0000-7000-8000-000000000001","event":"$pageview","distinct_id":"0190a1b2-device",'
    b'"timestamp":"2026-03-01T10:15:02.250000Z","properties":{"$device_id":"0190a1b2-device",'
    b'"$current_url":"https://shop.example.com/shoes","$referrer":"https://example.com/","title":"Shoes",'
    b'"$ip":"203.0.113.9","$raw_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","$session_id":"0190a1b2-session"}}\n'
    b'{"uuid":"0190a1b2-0000-7000-8000-000000000002","event":"Order Completed","distinct_id":"customer-17",'
    b'"timestamp":"2026-03-01 10:21:40.100000 UTC","properties":"{\\"$device_id\\":\\"0190a1b2-device\\",'
    b'\\"$user_id\\":\\"customer-17\\",\\"order_id\\":\\"1001\\",\\"revenue\\":59.9,\\"currency\\":\\"EUR\\"}"}\n'
)

_NAME = "an event of PostHog"
_TYPES = {"$pageview": "page_view", "$screen": "page_view", "$pageleave": "page_leave"}
# posthog-js writes this as the referrer of a page that was opened directly.
_NO_REFERRER = "$direct"
_fields = FieldMap(FIELDS)


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """One event for each line."""
    return read_objects(lines, _NAME, _event, makes_ids=True)


def _event(row: JsonObject) -> dict[str, object]:
    name = row.get("event")
    if not isinstance(name, str) or not name:
        raise RowError(f"The line is not {_NAME}: its field event must be a non-empty string.")
    if "distinct_id" not in row:
        raise RowError(f"The line is not {_NAME}: it has no field distinct_id.")
    properties = _properties(row.get("properties"))
    row["properties"] = properties
    event = _fields.read(row)
    if "visitor_id" not in event:
        raise RowError("The event has neither a distinct_id nor a $device_id.", DeadLetterReason.NO_VISITOR)
    if "ts" not in event:
        raise RowError("The event's field timestamp is missing: it must be an ISO 8601 time.")
    if not _is_identified(row, properties):
        event.pop("account_id", None)
    if event.get("referrer") == _NO_REFERRER:
        del event["referrer"]
    event["type"] = _type(name, properties)
    return finish(event)


def _properties(value: object) -> JsonObject:
    """The event's properties, which exports to files and warehouses write as a string of JSON."""
    if isinstance(value, str) and value:
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RowError("The event's field properties is a string, but not of a JSON object.") from error
    if isinstance(value, dict):
        return value
    if value is None or value == "":
        return {}
    raise RowError("The event's field properties must be an object, or a string of its JSON.")


def _is_identified(row: JsonObject, properties: JsonObject) -> bool:
    """Whether the person is identified; before that, PostHog's libraries send the device's id as `distinct_id`."""
    if text(properties.get("$user_id")) or properties.get("$is_identified") is True:
        return True
    if properties.get("$is_identified") is False:
        return False
    device = text(properties.get("$device_id"))
    return device is not None and device != text(row["distinct_id"])


def _type(name: str, properties: JsonObject) -> str:
    if name == "$autocapture" and properties.get("$event_type") == "click":
        return "click"
    snake = snake_case(name)
    return _TYPES.get(name) or COMMERCE_TYPES.get(snake, snake)
