"""What is remembered of a partition, and its bytes.

Structs are written as arrays: their fields' order is the format. New fields go to the end, with a default.
"""

from __future__ import annotations

import msgspec

from rules.limits.budgets import BucketState
from rules.limits.sums import SumsState
from streams.sessionize.accounts import Accounts
from streams.sessionize.config import FoldConfig

NEVER = -1.0
"""Stands for a time that has not been: event times are never negative."""


class ItemSeen(msgspec.Struct, array_like=True, gc=False):
    """One touch of an item."""

    ts: float
    item_id: str
    type: str


class KeptText(msgspec.Struct, array_like=True, gc=False):
    """One text, cut to its cap."""

    ts: float
    field: str
    text: str


class Hits(msgspec.Struct, array_like=True, gc=False):
    """How often a pattern matched, and its pack's version at the last time."""

    hits: int
    version: str


class PageLoad(msgspec.Struct, array_like=True, gc=False):
    """One page that was loaded."""

    ts: float
    path: int
    """Hash of the path."""


class RecentPost(msgspec.Struct, array_like=True, gc=False):
    """One POST, whose page's load may arrive later."""

    ts: float
    path: int
    """Hash of the path."""
    referrer: int = 0
    """Hash of the referrer's path, where a form may lie on another page than it posts to; 0: none."""
    is_quick: bool = False
    """Whether it is counted as a quick one."""


class Posting(msgspec.Struct, array_like=True, gc=False):
    """What a session posted."""

    logins: int = 0
    """Attempts to log in."""
    logins_failed: int = 0
    form_posts: int = 0
    """POSTs to paths of forms that spammers fill in."""
    quick_posts: int = 0
    """POSTs shortly after the load of their page."""
    paths: dict[int, int] = {}
    """Hash of a path to the POSTs to it."""
    recent: list[RecentPost] = []
    """The newest POSTs by time, in the order of time."""
    quickest_s: float = NEVER
    """Shortest time from the load of a page to a POST to it."""


class PreviousEvent(msgspec.Struct, array_like=True, gc=False):
    """One event as the next one sees it; 0 stands for nothing."""

    ts: float
    url: int = 0
    """Hash of the URL."""
    path: int = 0
    """Hash of its path."""
    referrer: int = 0
    """Hash of the referrer's path."""


class Moves(msgspec.Struct, array_like=True, gc=False):
    """How a session moves through a site, as far as its steps are settled."""

    templates: dict[int, int]
    """Hash of a path's template to the requests to it."""
    spans: list[int]
    """Gaps by their length, see `streams/sessionize/moving.py`."""
    urls: int = 0
    """Events with a URL."""
    depths: int = 0
    """Sum of their paths' segments."""
    same_again: int = 0
    """Events on the URL of the event before."""
    follows: int = 0
    """Events whose referrer is the page before."""


class SessionBytes(msgspec.Struct, array_like=True, gc=False):
    """A session that may still grow, as it is written; all of it is bounded, see `streams/sessionize/caps.py`.

    `end` and `number` come first, so that deadlines can be read without the rest (`SessionEnd`). What is folded into is
    an `OpenSession` of the same fields.
    """

    end: float
    """Greatest event time."""
    number: int
    """Order of opening among the visitor's open sessions."""
    identity: bytes
    """The session's id; published in hexadecimal."""
    start: float
    """Least event time."""
    last: float
    """Time of the event folded last, for which a session of an older version has no step."""
    offset: int
    """Offset of the event folded last."""
    appended_ms: int
    """Append time of the event folded last."""
    revision: int = 0
    events: int = 0
    gap_sum: float = 0.0
    """Gaps between settled steps, in the order of time; so are the next three."""
    gap_squares: float = 0.0
    gap_min: float = 0.0
    gap_max: float = 0.0
    entry_ts: float = NEVER
    """Time of the event that `entry_url` is from."""
    exit_ts: float = NEVER
    """Time of the event that `exit_url` is from."""
    entry_url: str | None = None
    exit_url: str | None = None
    referrer: str | None = None
    user_agent: str | None = None
    ip: str | None = None
    body_bytes: int = 0
    """Sum of the responses' sizes."""
    repeats: int = 0
    rate_limited: int = 0
    items_dropped: int = 0
    counts: dict[str, int] = {}
    urls: dict[int, int] = {}
    """Hashes of URLs seen, each with a 1: a set that keeps its order, so that equal states have equal bytes."""
    # Most sessions have none of these: None costs a fifth of an empty container, in time and in memory.
    statuses: dict[str, int] | None = None
    methods: dict[str, int] | None = None
    account_ids: list[str] | None = None
    revenue: dict[str, float] | None = None
    items: list[ItemSeen] | None = None
    texts: list[KeptText] | None = None
    heuristics: dict[str, Hits] | None = None
    limits_over: dict[str, int] | None = None
    """Visitor's limit to the events that were over it."""
    loads: list[PageLoad] | None = None
    """Loads of pages, the newest by time, in the order of time."""
    posting: Posting | None = None
    trail: list[PreviousEvent] | None = None
    """The newest steps, in the order of time. The older ones are settled."""
    moves: Moves | None = None


class VisitorBytes(msgspec.Struct, array_like=True, gc=False):
    """What is remembered of a visitor until the last open session closes."""

    sessions: list[SessionBytes] = []
    """In the order of their opening; never empty between two events."""
    seen: dict[int, int] = {}
    """Fingerprints of folded events, oldest first, each with the number of the session that it is in."""
    buckets: dict[str, BucketState] = {}
    """Budget's id to what is left of it."""


class SessionEnd(msgspec.Struct, array_like=True, gc=False):
    """The head of an `OpenSession`."""

    end: float
    number: int


class VisitorEnds(msgspec.Struct, array_like=True, gc=False):
    """The head of a `VisitorState`: what deadlines are made of, decoded three times as fast."""

    sessions: list[SessionEnd]


class Meta(msgspec.Struct):
    """What is remembered of the partition as a whole."""

    config: FoldConfig
    watermark: float
    last_append_ms: int
    accounts: Accounts
    sums: SumsState | None = None
    """The head of what addresses and accounts spent; the rest are entries of their own, since it may be megabytes."""


decode_ends = msgspec.msgpack.Decoder(VisitorEnds).decode
encode_meta = msgspec.json.Encoder(order="deterministic").encode
decode_meta = msgspec.json.Decoder(Meta).decode
