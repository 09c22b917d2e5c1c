"""The stored state of a partition.

Structs are encoded as arrays, so the order of their fields is the format. New fields are added at the end with a
default.
"""

from __future__ import annotations

import msgspec

from rules.limits.budgets import BucketState
from rules.limits.sums import SumsState
from streams.sessionize.accounts import Accounts
from streams.sessionize.config import FoldConfig

NEVER = -1.0
"""Value of a time that is not set; event times are never negative."""


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
    """Number of matches of a pattern, and the version of its pack at the last one."""

    hits: int
    version: str


class PageLoad(msgspec.Struct, array_like=True, gc=False):
    """One page load."""

    ts: float
    path: int
    """Hash of the path."""


class RecentPost(msgspec.Struct, array_like=True, gc=False):
    """One POST; the load of its page may arrive later."""

    ts: float
    path: int
    """Hash of the path."""
    referrer: int = 0
    """Hash of the referrer's path, since a form may post to another page than its own; 0 for none."""
    is_quick: bool = False
    """Whether the POST is counted as quick."""


class Posting(msgspec.Struct, array_like=True, gc=False):
    """POSTs of a session."""

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
    """The fields of an event that its successor is compared with; 0 means none."""

    ts: float
    url: int = 0
    """Hash of the URL."""
    path: int = 0
    """Hash of the URL's path."""
    referrer: int = 0
    """Hash of the referrer's path."""


class Moves(msgspec.Struct, array_like=True, gc=False):
    """Relations between neighbouring events of a session, for settled steps."""

    templates: dict[int, int]
    """Hash of a path's template to the requests to it."""
    spans: list[int]
    """Histogram of gaps, see `streams/sessionize/moving.py`."""
    urls: int = 0
    """Events with a URL."""
    depths: int = 0
    """Sum of the segments of these URLs' paths."""
    same_again: int = 0
    """Events on the URL of the event before."""
    follows: int = 0
    """Events whose referrer is the page before."""


class SessionBytes(msgspec.Struct, array_like=True, gc=False):
    """The stored form of an open session; all fields are bounded, see `streams/sessionize/caps.py`.

    `end` and `number` come first, so that deadlines can be decoded without the rest (`SessionEnd`). `OpenSession` has
    the same fields in memory.
    """

    end: float
    """Greatest event time."""
    number: int
    """Rank of the session among the visitor's open sessions, by opening."""
    identity: bytes
    """The session's id; published in hexadecimal."""
    start: float
    """Least event time."""
    last: float
    """Time of the event folded last. A session that an older version folded has no step for it."""
    offset: int
    """Offset of the event folded last."""
    appended_ms: int
    """Append time of the event folded last."""
    revision: int = 0
    events: int = 0
    gap_sum: float = 0.0
    """Sum of the gaps between settled steps. The next three fields are of the same gaps."""
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
    """Hashes of URLs, each with a 1: an ordered set, so that equal states have equal bytes."""
    # Most sessions have none of these: None costs a fifth of an empty container, in time and in memory.
    statuses: dict[str, int] | None = None
    methods: dict[str, int] | None = None
    account_ids: list[str] | None = None
    revenue: dict[str, float] | None = None
    items: list[ItemSeen] | None = None
    texts: list[KeptText] | None = None
    heuristics: dict[str, Hits] | None = None
    limits_over: dict[str, int] | None = None
    """Visitor's limit to the number of events over it."""
    loads: list[PageLoad] | None = None
    """Loads of pages, the newest by time, in the order of time."""
    posting: Posting | None = None
    trail: list[PreviousEvent] | None = None
    """The newest steps, in the order of time; older ones are settled."""
    moves: Moves | None = None


class VisitorBytes(msgspec.Struct, array_like=True, gc=False):
    """The stored form of a visitor's state, until the last open session closes."""

    sessions: list[SessionBytes] = []
    """In the order of their opening; never empty between two events."""
    seen: dict[int, int] = {}
    """Fingerprints of folded events, oldest first, each with the number of its session."""
    buckets: dict[str, BucketState] = {}
    """Budget's id to its token bucket."""


class SessionEnd(msgspec.Struct, array_like=True, gc=False):
    """The first fields of a stored session."""

    end: float
    number: int


class VisitorEnds(msgspec.Struct, array_like=True, gc=False):
    """The first fields of a stored visitor, for deadlines; they decode three times as fast as all."""

    sessions: list[SessionEnd]


class Meta(msgspec.Struct):
    """State of the partition as a whole."""

    config: FoldConfig
    watermark: float
    last_append_ms: int
    accounts: Accounts
    sums: SumsState | None = None
    """The head of the sums of addresses and accounts; the rest, which may be megabytes, are entries of their own."""


decode_ends = msgspec.msgpack.Decoder(VisitorEnds).decode
encode_meta = msgspec.json.Encoder(order="deterministic").encode
decode_meta = msgspec.json.Decoder(Meta).decode
