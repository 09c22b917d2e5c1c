"""Messages of Segment and RudderStack, one JSON object a line, as their storage destinations write them.

`page` and `screen` become `page_view`; `identify`, `group` and `alias` stay. A `track` with a name of the e-commerce
spec becomes Weir's type, and another `track` its name in snake case. `identify` does not become `login`, as many sites
send it with each page. A message without a `messageId` gets an id made of its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
    ("messageId", "event_id"),
    ("anonymousId", "visitor_id"),
    ("userId", "visitor_id"),
    ("userId", "account_id"),
    ("event", "type"),
    ("type", "type"),
    # Segment corrects `timestamp` for the error of the client's clock; `originalTimestamp` is the client's clock.
    ("timestamp", "ts"),
    ("originalTimestamp", "ts"),
    ("receivedAt", "ts"),
    # `context.page.url` comes first, as the `url` of a track may be the product's.
    ("context.page.url", "url"),
    ("properties.url", "url"),
    ("context.page.path", "url"),
    ("properties.path", "url"),
    ("context.page.referrer", "referrer"),
    ("properties.referrer", "referrer"),
    ("context.userAgent", "user_agent"),
    ("context.ip", "ip"),
    ("properties.product_id", "item_id"),
    ("properties.sku", "item_id"),
    ("properties.products.product_id", "item_id"),
    ("properties.products.sku", "item_id"),
    ("properties.revenue", "value"),
    ("properties.total", "value"),
    ("properties.value", "value"),
    ("properties.currency", "currency"),
    ("properties.query", "query"),
    ("context.page.title", "properties.page_title"),
    ("properties.title", "properties.page_title"),
    ("name", "properties.page_title"),
    ("properties.order_id", "properties.order_id"),
)
LOST = (
    "all products of a list but the first, with prices and quantities",
    "further properties of the message",
    "traits, groupId and previousId",
    "context.campaign, context.device, context.library and integrations",
)
SAMPLE = (
    b'{"type":"page","messageId":"ajs-next-1","anonymousId":"5f0c-anna","userId":null,"name":"Shoes",'
    b'"timestamp":"2026-03-01T10:15:02.250Z","properties":{"path":"/shoes","search":"?page=2"},'
    b'"context":{"ip":"203.0.113.9","userAgent":"Mozilla/5.0 (X11; Linux x86_64)",'
    b'"page":{"url":"https://shop.example.com/shoes?page=2","referrer":"https://example.com/","title":"Shoes"}}}\n'
    b'{"type":"track","messageId":"ajs-next-2","anonymousId":"5f0c-anna","userId":"customer-17",'
    b'"event":"Order Completed","timestamp":"2026-03-01T10:21:40.100Z",'
    b'"properties":{"order_id":"1001","revenue":"59.90","currency":"EUR","products":[{"product_id":"shoe-1"}]},'
    b'"context":{"ip":"203.0.113.9","page":{"url":"https://shop.example.com/thanks"}}}\n'
)

_NAME = "a message of Segment or RudderStack"
_KINDS = {
    "track": "track",
    "page": "page_view",
    "screen": "page_view",
    "identify": "identify",
    "group": "group",
    "alias": "alias",
}
_MARKS = ("messageId", "anonymousId", "userId")
_fields = FieldMap(FIELDS)


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """One event for each message."""
    return read_objects(lines, _NAME, _event, makes_ids=True)


def _event(message: JsonObject) -> dict[str, object]:
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise RowError(f"The line is not {_NAME}: its field type is none of {', '.join(_KINDS)}.")
    if not any(mark in message for mark in _MARKS):
        raise RowError(f"The line is not {_NAME}: it has none of the fields {', '.join(_MARKS)}.")
    event = _fields.read(message)
    if "visitor_id" not in event:
        raise RowError("The message has neither an anonymousId nor a userId.", DeadLetterReason.NO_VISITOR)
    if "ts" not in event:
        raise RowError("The message's field timestamp is missing: it must be an ISO 8601 time.")
    event["type"] = _type(kind, message)
    return finish(event)


def _type(kind: str, message: JsonObject) -> str:
    if kind != "track":
        return _KINDS[kind]
    name = text(message.get("event"))
    if name is None:
        raise RowError("The message's field event is missing: a track must have the event's name.")
    snake = snake_case(name)
    return COMMERCE_TYPES.get(snake, snake)
