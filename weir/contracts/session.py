"""The session aggregate: one visitor's events without a silence longer than the gap."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Ratio, Record


class Part(BaseModel):
    """A structure inside a record: as strict as the record."""

    model_config = ConfigDict(
        strict=True, extra="allow", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True
    )


class Gaps(Part):
    """Times between neighbouring events, in seconds, in the order of time.

    An event that arrives after eight later events counts as if it had happened right before these.
    """

    mean: Annotated[float, Field(ge=0)]
    """Mean time."""
    standard_deviation: Annotated[float, Field(ge=0)]
    """Population standard deviation of the times."""
    minimum: Annotated[float, Field(ge=0)]
    """Shortest time."""
    maximum: Annotated[float, Field(ge=0)]
    """Longest time."""


class ItemTouch(Part):
    """One touch of an item, in the order of time."""

    item_id: str
    """The item."""
    type: str
    """Type of the event."""
    ts: EpochSeconds
    """Time of the event."""


class TextSeen(Part):
    """A text that the visitor wrote: a title, a post's text or a search query."""

    field: str
    """`title`, `text` or `query`."""
    text: str
    """The beginning of the text, up to a cap."""


class PatternHits(Part):
    """How often one pattern matched in a session."""

    hits: Count
    """Matches in the session."""
    version: str
    """Version of the pattern's pack that matched last."""


class Session(Record):
    """A session's state at one revision. Topic `weir.sessions`, key `visitor_id`.

    Headers `partition` and `offset` are the position in the input of the last event folded, `appended_ms` its append
    time.
    """

    session_id: str
    """Hash of visitor, opening event's id and its `ts` as received; it never changes."""
    visitor_id: str
    """The visitor whose session it is."""
    account_ids: list[str]
    """Accounts seen, oldest first, capped."""
    start: EpochSeconds
    """Least event time."""
    end: EpochSeconds
    """Greatest event time."""
    duration_s: Annotated[float, Field(ge=0)]
    """Seconds from `start` to `end`."""
    revision: Annotated[int, Field(ge=1)]
    """Counts this session's published states, from 1."""
    final: bool
    """Whether the session is closed: no more events are folded into it."""
    split: bool
    """Whether a bound (events, hours) closed the session, not silence."""
    merged_into: str | None
    """The session that took over this session's events."""
    events: Count
    """Events folded into the session."""
    counts: dict[str, Count]
    """Events by type; types past the cap are counted together as `other`."""
    statuses: dict[str, Count]
    """Events by class of HTTP status: `2xx`, `4xx`, …"""
    methods: dict[str, Count]
    """Events by HTTP method; methods past the cap are counted together as `other`."""
    bytes: Count
    """Sum of the events' `bytes`, up to a cap."""
    gaps: Gaps | None
    """None with one event."""
    distinct_urls: Count
    """Distinct URLs, exact up to the cap and a lower bound beyond it."""
    repeats: Count
    """Events on a URL that the session had seen before."""
    page_views: Count
    """Events of type `page_view`."""
    clicks: Count
    """Events of type `click`."""
    searches: Count
    """Events of type `search`."""
    carts: Count
    """Items put into the cart."""
    purchases: Count
    """Events of type `purchase`."""
    click_through: Ratio
    """Clicks per page view; 0 without page views."""
    cart_rate: Ratio
    """Items put into the cart per page view; 0 without page views."""
    conversion: Ratio
    """Purchases per item put into the cart; 0 without one."""
    revenue: dict[str, float]
    """Sum of purchases' values by currency; currencies past the cap are summed as `other`."""
    items: list[ItemTouch]
    """Touches of items in the order of time, capped to the first ones."""
    items_dropped: Count
    """Touches past the cap."""
    texts: list[TextSeen]
    """Newest texts, capped in number and length."""
    entry_url: str | None
    """URL of the earliest event that has one."""
    exit_url: str | None
    """URL of the latest event that has one."""
    referrer: str | None
    """The first referrer."""
    user_agent: str | None
    """The first user agent."""
    ip: str | None
    """The first address."""
    rate_limited: Count
    """Events over the visitor's budget."""
    limits_over: dict[str, Count] = Field(default_factory=dict)
    """Number of events over each of the visitor's limits, by the limit's id."""
    login_attempts: Count = 0
    """POSTs to a login page, and events of type `login`."""
    login_failures: Count = 0
    """Failed logins: responses 401, 403 or 422, or 200 by a login page, which then shows the form again. A response 200
    by an API (`/api/…`, `/auth`, `/session`, `/xmlrpc.php`) is no failure."""
    form_posts: Count = 0
    """POSTs to a path of comments, contact forms, guest books, registration or forum posts."""
    posts_to_one_url: Count = 0
    """Most POSTs to one path, exact up to a cap of different paths and a lower bound beyond it."""
    quick_posts: Count = 0
    """POSTs within 2 s of loading the page of the same path; for a form's path, also of loading the referrer. Only the
    newest loads and POSTs by event time are compared."""
    quickest_post_s: Annotated[float, Field(ge=0)] | None = None
    """Shortest time from loading a page to a POST to the same path, compared as for `quick_posts`."""
    immediate_repeats: Count = 0
    """Events with the same URL as the event before."""
    follows: Count = 0
    """Events whose referrer is the page of the event before; hosts and queries are not compared."""
    zero_gaps: Count = 0
    """Neighbouring events at the same moment."""
    gap_median_s: Annotated[float, Field(ge=0)] | None = None
    """Median time between neighbouring events, rounded up to 0, 0.1, 0.3, 1, 3, 10, 30, 100 or 300 s."""
    path_depth: Annotated[float, Field(ge=0)] | None = None
    """Mean number of segments of its URLs' paths; None without a URL."""
    most_of_one_template: Count = 0
    """Most requests to paths that differ in ids and numbers alone, of the first 32 such templates."""
    path_entropy: Annotated[float, Field(ge=0)] | None = None
    """Entropy of the requests over these templates, in bits; 0: all requests have one template."""
    heuristics: dict[str, PatternHits]
    """Pattern id to its hits."""
