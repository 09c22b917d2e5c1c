"""The raw event that producers send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.contracts.base import Carried, Identifier, LongText, Record, ShortText, UrlText

KNOWN_EVENT_TYPES = (
    "page_view",
    "click",
    "search",
    "add_to_cart",
    "remove_from_cart",
    "purchase",
    "post",
    "login",
    "ping",
)
"""Types with separate counts, and the only labels of the metric; a producer may send other types too."""

FREE_TEXTS = ("url", "referrer", "user_agent", "query", "title", "text")
"""Fields that hold free text. If one is longer than its bound, it is cut to the bound, and the event counts."""


class Event(Record):
    """An event of a visitor, such as a page view. Topic `weir.events`, key `visitor_id`."""

    event_id: Identifier
    """Id that the producer chose; duplicates have the same id, visitor and content."""
    visitor_id: Identifier
    """Cookie or, for logs, derived from address and user agent."""
    account_id: Identifier | None = None
    """Id of the account that is logged in."""
    type: Identifier
    """`page_view`, `click`, `search`, `add_to_cart`, `remove_from_cart`, `purchase`, `post`, `login`, `ping`, or the
    producer's own."""
    ts: float | Annotated[str, Field(max_length=64)]
    """Time of the event: UTC seconds or milliseconds since the epoch, or ISO 8601."""
    url: UrlText | None = None
    """URL of the page, complete or from the path on."""
    referrer: UrlText | None = None
    """URL of the referring page."""
    user_agent: ShortText | None = None
    """The client's user agent, as it was sent."""
    ip: Annotated[str, Field(max_length=128)] | None = None
    """The client's address, IPv4 or IPv6, or a hash of it."""
    method: Annotated[str, Field(max_length=32)] | None = None
    """HTTP method."""
    status: Annotated[int, Field(ge=0, le=999)] | None = None
    """HTTP status."""
    bytes: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """Size of the response's body, in bytes."""
    item_id: Identifier | None = None
    """Product that the event is about."""
    value: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    """Amount of money, in `currency`."""
    currency: Annotated[str, Field(max_length=16)] | None = None
    """ISO 4217 code of `value`."""
    query: LongText | None = None
    """The search query."""
    title: LongText | None = None
    """Title of a post."""
    text: LongText | None = None
    """Body of a post."""
    properties: dict[str, Carried] | None = None
    """Further data of the producer, which Weir keeps and does not read."""
