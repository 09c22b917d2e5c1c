"""Open sessions and visitors in memory; `state.py` has their stored form.

If the fold is compiled, then the `.pxd` beside this module gives both classes C fields. Fields of a msgspec struct are
looked up by name each time, which took a fifth of the compiled code's time for an event.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules.limits.budgets import BucketState
from streams.sessionize.state import (
    NEVER,
    Hits,
    ItemSeen,
    KeptText,
    Moves,
    PageLoad,
    Posting,
    PreviousEvent,
    SessionBytes,
    VisitorBytes,
)

_encode_into = msgspec.msgpack.Encoder().encode_into
_decode = msgspec.msgpack.Decoder(VisitorBytes).decode
_astuple = msgspec.structs.astuple
_buffer = bytearray(1_024)


class OpenSession:
    """The measures of an open session; `SessionBytes` describes the fields."""

    __slots__ = SessionBytes.__struct_fields__

    end: float
    number: int
    identity: bytes
    start: float
    last: float
    offset: int
    appended_ms: int
    revision: int
    events: int
    gap_sum: float
    gap_squares: float
    gap_min: float
    gap_max: float
    entry_ts: float
    exit_ts: float
    entry_url: str | None
    exit_url: str | None
    referrer: str | None
    user_agent: str | None
    ip: str | None
    body_bytes: int
    repeats: int
    rate_limited: int
    items_dropped: int
    counts: dict[str, int]
    urls: dict[int, int]
    statuses: dict[str, int] | None
    methods: dict[str, int] | None
    account_ids: list[str] | None
    revenue: dict[str, float] | None
    items: list[ItemSeen] | None
    texts: list[KeptText] | None
    heuristics: dict[str, Hits] | None
    limits_over: dict[str, int] | None
    loads: list[PageLoad] | None
    posting: Posting | None
    trail: list[PreviousEvent] | None
    moves: Moves | None

    def __init__(  # noqa: PLR0913, PLR0917 -- the fields that a session has from its first event on
        self, end: float, number: int, identity: bytes, start: float, last: float, offset: int, appended_ms: int
    ) -> None:
        """A session without events; all other fields are empty."""
        self.end = end
        self.number = number
        self.identity = identity
        self.start = start
        self.last = last
        self.offset = offset
        self.appended_ms = appended_ms
        self.revision = 0
        self.events = 0
        self.gap_sum = 0.0
        self.gap_squares = 0.0
        self.gap_min = 0.0
        self.gap_max = 0.0
        self.entry_ts = NEVER
        self.exit_ts = NEVER
        self.entry_url = None
        self.exit_url = None
        self.referrer = None
        self.user_agent = None
        self.ip = None
        self.body_bytes = 0
        self.repeats = 0
        self.rate_limited = 0
        self.items_dropped = 0
        self.counts = {}
        self.urls = {}
        self.statuses = None
        self.methods = None
        self.account_ids = None
        self.revenue = None
        self.items = None
        self.texts = None
        self.heuristics = None
        self.limits_over = None
        self.loads = None
        self.posting = None
        self.trail = None
        self.moves = None


class VisitorState:
    """State of a visitor until the last open session closes."""

    __slots__ = ("buckets", "seen", "sessions")
    sessions: list[OpenSession]
    seen: dict[int, int]
    buckets: dict[str, BucketState]

    def __init__(
        self,
        sessions: list[OpenSession] | None = None,
        seen: dict[int, int] | None = None,
        buckets: dict[str, BucketState] | None = None,
    ) -> None:
        self.sessions = [] if sessions is None else sessions
        self.seen = {} if seen is None else seen
        self.buckets = {} if buckets is None else buckets


def to_wire(one: OpenSession) -> tuple[Any, ...]:
    """The session's fields in the order of `SessionBytes`, whose stored form is an array of them."""
    return (
        one.end,
        one.number,
        one.identity,
        one.start,
        one.last,
        one.offset,
        one.appended_ms,
        one.revision,
        one.events,
        one.gap_sum,
        one.gap_squares,
        one.gap_min,
        one.gap_max,
        one.entry_ts,
        one.exit_ts,
        one.entry_url,
        one.exit_url,
        one.referrer,
        one.user_agent,
        one.ip,
        one.body_bytes,
        one.repeats,
        one.rate_limited,
        one.items_dropped,
        one.counts,
        one.urls,
        one.statuses,
        one.methods,
        one.account_ids,
        one.revenue,
        one.items,
        one.texts,
        one.heuristics,
        one.limits_over,
        one.loads,
        one.posting,
        one.trail,
        one.moves,
    )


def of_wire(found: SessionBytes) -> OpenSession:
    """The open session with the fields of its stored form; containers are shared, not copied."""
    one: OpenSession = OpenSession.__new__(OpenSession)
    (
        one.end,
        one.number,
        one.identity,
        one.start,
        one.last,
        one.offset,
        one.appended_ms,
        one.revision,
        one.events,
        one.gap_sum,
        one.gap_squares,
        one.gap_min,
        one.gap_max,
        one.entry_ts,
        one.exit_ts,
        one.entry_url,
        one.exit_url,
        one.referrer,
        one.user_agent,
        one.ip,
        one.body_bytes,
        one.repeats,
        one.rate_limited,
        one.items_dropped,
        one.counts,
        one.urls,
        one.statuses,
        one.methods,
        one.account_ids,
        one.revenue,
        one.items,
        one.texts,
        one.heuristics,
        one.limits_over,
        one.loads,
        one.posting,
        one.trail,
        one.moves,
    ) = _astuple(found)
    return one


def encode_visitor(visitor: VisitorState) -> bytes:
    """The state's bytes, copied from a buffer: a result of `encode` would keep its buffer, half as large again."""
    _encode_into(([to_wire(one) for one in visitor.sessions], visitor.seen, visitor.buckets), _buffer)
    return bytes(_buffer)


def decode_visitor(data: bytes) -> VisitorState:
    """Decodes a visitor's state.

    Raises:
        msgspec.DecodeError: The bytes are no visitor's state.
    """
    found = _decode(data)
    return VisitorState([of_wire(one) for one in found.sessions], found.seen, found.buckets)
