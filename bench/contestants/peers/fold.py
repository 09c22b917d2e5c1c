"""The work itself, for all Python peers: fast JSON, structs and hashes, and nothing of Weir.

A visitor's state is one struct of arrays that any engine can keep as bytes. Peers here publish no finals: their
functions by key have no timers by event time.
"""

from __future__ import annotations

import os
from math import sqrt
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

BOOTSTRAP = os.environ.get("BENCH_BOOTSTRAP", "")
INPUT = os.environ.get("BENCH_INPUT", "")
OUTPUT = os.environ.get("BENCH_OUTPUT", "")
GROUP = os.environ.get("BENCH_GROUP", "")
STATE = os.environ.get("BENCH_STATE", "")
PARTITIONS = int(os.environ.get("BENCH_PARTITIONS", "4"))
GAP_S = float(os.environ.get("BENCH_GAP_S", "1800"))
GRACE_S = float(os.environ.get("BENCH_GRACE_S", "300"))
ACCOUNTS, ITEMS, TEXTS, TEXT, URLS, METHODS = 10, 100, 20, 500, 256, 16


class PeerEvent(msgspec.Struct, gc=False):
    """The fields that count; the rest is passed over."""

    event_id: str
    visitor_id: str
    type: str
    ts: float
    account_id: str | None = None
    url: str | None = None
    referrer: str | None = None
    user_agent: str | None = None
    ip: str | None = None
    method: str | None = None
    status: int | None = None
    bytes: int | None = None
    item_id: str | None = None
    value: float | None = None
    currency: str | None = None
    query: str | None = None
    title: str | None = None
    text: str | None = None


class PeerSession(msgspec.Struct, array_like=True, gc=False):
    """A session's measures."""

    start: float
    end: float
    events: int = 0
    revision: int = 0
    gap_sum: float = 0.0
    gap_squares: float = 0.0
    gap_min: float = 0.0
    gap_max: float = 0.0
    bytes: int = 0
    repeats: int = 0
    items_dropped: int = 0
    entry_url: str | None = None
    exit_url: str | None = None
    referrer: str | None = None
    user_agent: str | None = None
    ip: str | None = None
    counts: dict[str, int] = {}
    statuses: dict[str, int] = {}
    methods: dict[str, int] = {}
    revenue: dict[str, float] = {}
    urls: dict[int, int] = {}
    accounts: list[str] = []
    items: list[dict[str, Any]] = []
    texts: list[dict[str, str]] = []


class PeerVisitor(msgspec.Struct, array_like=True, gc=False):
    """Open sessions and the events seen in them."""

    sessions: list[PeerSession] = []
    seen: dict[int, int] = {}


decode = msgspec.json.Decoder(PeerEvent).decode
encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(PeerVisitor).decode
_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_CLASSES = tuple(f"{hundreds}xx" for hundreds in range(10))


def take(visitor: PeerVisitor, event: PeerEvent) -> bytes | None:
    """Folds an event; the record to publish, if there is one."""
    seen = xxh3_64_intdigest(
        _pack((event.event_id, event.type, event.url, event.item_id, event.value, event.query, event.title, event.text))
    )
    if seen in visitor.seen:
        return None
    ts, sessions = event.ts, visitor.sessions
    # Without timers, what has closed by now goes when its visitor comes again.
    while sessions and sessions[0].end < ts - GAP_S - GRACE_S:
        del sessions[0]
        if not sessions:
            visitor.seen = {}
    visitor.seen[seen] = 1
    if sessions and ts - sessions[-1].end <= GAP_S:
        session = sessions[-1]
    else:
        session = PeerSession(ts, ts)
        sessions.append(session)
    _add(session, event, ts)
    if session.events & (session.events - 1) and event.type != "purchase":
        return None
    return _record(event.visitor_id, session)


def _add(session: PeerSession, event: PeerEvent, ts: float) -> None:
    if session.events:
        _add_gap(session, ts - session.end)
    session.end = ts
    session.events += 1
    counts, kind = session.counts, event.type
    counts[kind] = counts.get(kind, 0) + 1
    if event.url is not None:
        _visit(session, event.url)
    if session.referrer is None:
        session.referrer = event.referrer
    if session.user_agent is None:
        session.user_agent = event.user_agent
    if session.ip is None:
        session.ip = event.ip
    if event.status is not None:
        name = _CLASSES[event.status // 100]
        session.statuses[name] = session.statuses.get(name, 0) + 1
    if event.method is not None:
        methods = session.methods
        name = event.method if event.method in methods or len(methods) < METHODS else "other"
        methods[name] = methods.get(name, 0) + 1
    if event.bytes is not None:
        session.bytes += event.bytes
    _note(session, event, ts)


def _add_gap(session: PeerSession, gap: float) -> None:
    session.gap_sum += gap
    session.gap_squares += gap * gap
    if session.events == 1:
        session.gap_min = session.gap_max = gap
    elif gap < session.gap_min:
        session.gap_min = gap
    elif gap > session.gap_max:
        session.gap_max = gap


def _visit(session: PeerSession, url: str) -> None:
    if session.entry_url is None:
        session.entry_url = url
    session.exit_url = url
    hashed = xxh3_64_intdigest(url.encode())
    if hashed in session.urls:
        session.repeats += 1
    elif len(session.urls) < URLS:
        session.urls[hashed] = 1


def _note(session: PeerSession, event: PeerEvent, ts: float) -> None:
    account = event.account_id
    if account is not None and account not in session.accounts and len(session.accounts) < ACCOUNTS:
        session.accounts.append(account)
    if event.value is not None and event.type == "purchase":
        currency = event.currency or "unknown"
        session.revenue[currency] = session.revenue.get(currency, 0.0) + event.value
    if event.item_id is not None:
        if len(session.items) < ITEMS:
            session.items.append({"item_id": event.item_id, "type": event.type, "ts": ts})
        else:
            session.items_dropped += 1
    if event.title is not None or event.text is not None or event.query is not None:
        for name, text in (("title", event.title), ("text", event.text), ("query", event.query)):
            if text:
                session.texts.append({"field": name, "text": text[:TEXT]})
        del session.texts[:-TEXTS]


def _record(visitor_id: str, one: PeerSession) -> bytes:
    one.revision += 1
    counted = one.counts.get
    views, clicks = counted("page_view", 0), counted("click", 0)
    carts, purchases = counted("add_to_cart", 0), counted("purchase", 0)
    return _encode(
        {
            "visitor_id": visitor_id,
            "session_id": f"{visitor_id}/{one.start}",
            "revision": one.revision,
            "final": False,
            "account_ids": one.accounts,
            "start": one.start,
            "end": one.end,
            "duration_s": _microseconds(one.end - one.start),
            "events": one.events,
            "counts": one.counts,
            "statuses": one.statuses,
            "methods": one.methods,
            "bytes": one.bytes,
            "gaps": _gaps(one) if one.events > 1 else None,
            "distinct_urls": len(one.urls),
            "repeats": one.repeats,
            "page_views": views,
            "clicks": clicks,
            "searches": counted("search", 0),
            "carts": carts,
            "purchases": purchases,
            "click_through": clicks / views if views else 0.0,
            "cart_rate": carts / views if views else 0.0,
            "conversion": purchases / carts if carts else 0.0,
            "revenue": {currency: round(total, 6) for currency, total in one.revenue.items()},
            "items": one.items,
            "items_dropped": one.items_dropped,
            "texts": one.texts,
            "entry_url": one.entry_url,
            "exit_url": one.exit_url,
            "referrer": one.referrer,
            "user_agent": one.user_agent,
            "ip": one.ip,
            "heuristics": {},
        }
    )


def _gaps(one: PeerSession) -> dict[str, float]:
    count = one.events - 1
    mean = one.gap_sum / count
    variance = one.gap_squares / count - mean * mean
    return {
        "mean": _microseconds(mean),
        "standard_deviation": _microseconds(sqrt(variance) if variance > 0.0 else 0.0),
        "minimum": _microseconds(one.gap_min),
        "maximum": _microseconds(one.gap_max),
    }


def _microseconds(span_s: float) -> float:
    return int(span_s * 1e6 + 0.5) / 1e6
