"""Adds one event to one session: every measure of the record, each bounded.

Events may arrive out of the order of their times. Counts and sums don't depend on the order. Items, texts, entry and
exit are ordered by event time. Referrer, user agent, address and accounts are those of the events folded first. Gaps
are between neighbours in event time, as long as the neighbour is among the stored steps
(`streams/sessionize/moving.py`).
"""

from __future__ import annotations

from bisect import insort_right
from hashlib import blake2b
from operator import attrgetter

import msgspec

from streams.sessionize import caps
from streams.sessionize.moving import add_step, step_of
from streams.sessionize.open_session import OpenSession
from streams.sessionize.paths import url_info
from streams.sessionize.posting import fold_posting
from streams.sessionize.state import Hits, ItemSeen, KeptText, PreviousEvent
from weir.contracts.fast import FastEvent

_encode = msgspec.json.Encoder().encode
_by_time = attrgetter("ts")
_CLASSES = tuple(f"{hundreds}xx" for hundreds in range(10))


def session_identity(event: FastEvent) -> bytes:
    """The id of the session that this event opens: a hash of visitor, event id and `ts` as received."""
    return blake2b(_encode((event.visitor_id, event.event_id, event.ts)), digest_size=16).digest()


def open_session(event: FastEvent, ts: float, number: int) -> OpenSession:
    """A new session without events."""
    return OpenSession(ts, number, session_identity(event), ts, ts, 0, 0)


def fold(session: OpenSession, event: FastEvent, ts: float, measures_all: bool = False) -> None:  # noqa: C901, FBT001, FBT002, PLR0912 -- one plain branch a measure
    """Adds the event, which happened at `ts`, to the session's measures; moves and posts only with `measures_all`."""
    if ts > session.end:
        session.end = ts
    elif ts < session.start:
        session.start = ts
    session.events += 1
    kind = event.type
    counts = session.counts
    if kind in counts:
        counts[kind] += 1
    else:
        count_type(counts, kind, 1)
    hashed, info, url = 0, None, event.url
    if url is not None:
        hashed, info = url_info(url)
        if ts >= session.exit_ts:
            session.exit_url = url
            session.exit_ts = ts
        if ts < session.entry_ts or session.entry_url is None:
            session.entry_url = url
            session.entry_ts = ts
        urls = session.urls
        if hashed in urls:
            session.repeats += 1
        elif len(urls) < caps.URLS:
            urls[hashed] = 1
    add_step(session, step_of(session, event.referrer, ts, hashed, info) if measures_all else PreviousEvent(ts))
    if measures_all:
        fold_posting(session, event, ts, info)
    session.last = ts
    if session.user_agent is None:
        session.user_agent = event.user_agent
    if session.ip is None:
        session.ip = event.ip
    if session.referrer is None:
        session.referrer = event.referrer
    if event.status is not None or event.method is not None or event.bytes is not None:
        _fold_response(session, event)
    if event.item_id is not None:
        add_item(session, ItemSeen(ts, event.item_id, kind))
    if event.value is not None and kind == "purchase":
        add_revenue(session, event.currency or caps.UNKNOWN_CURRENCY, event.value)
    if event.account_id is not None:
        add_account(session, event.account_id)
    if event.title is not None or event.text is not None or event.query is not None:
        _fold_texts(session, event, ts)


def count_capped(counts: dict[str, int], name: str, by: int, cap: int) -> None:
    """Adds to a count; a name past the cap is counted as `other`."""
    if name not in counts and len(counts) >= cap:
        name = caps.OTHER
    counts[name] = counts.get(name, 0) + by


def count_type(counts: dict[str, int], kind: str, by: int) -> None:
    """Adds to the count of an event type; unknown types past the cap are counted as `other`."""
    if kind in counts:
        counts[kind] += by
        return
    if kind not in caps.KNOWN_TYPES and sum(name not in caps.KNOWN_TYPES for name in counts) >= caps.TYPES:
        kind = caps.OTHER
    counts[kind] = counts.get(kind, 0) + by


def add_revenue(session: OpenSession, currency: str, value: float) -> None:
    """Adds an amount; a currency past the cap is summed as `other`."""
    if session.revenue is None:
        session.revenue = {}
    revenue = session.revenue
    if currency not in revenue and len(revenue) >= caps.CURRENCIES:
        currency = caps.OTHER
    revenue[currency] = revenue.get(currency, 0.0) + value


def add_account(session: OpenSession, account: str) -> None:
    """Adds a new account, up to the cap."""
    if session.account_ids is None:
        session.account_ids = [account]
    elif account not in session.account_ids and len(session.account_ids) < caps.ACCOUNTS:
        session.account_ids.append(account)


def add_item(session: OpenSession, item: ItemSeen) -> None:
    """Inserts a touch by time; past the cap, the newest one is dropped."""
    if session.items is None:
        session.items = []
    items = session.items
    if not items or item.ts >= items[-1].ts:
        items.append(item)
    else:
        insort_right(items, item, key=_by_time)
    if len(items) > caps.ITEMS:
        items.pop()
        session.items_dropped += 1


def add_text(session: OpenSession, text: KeptText) -> None:
    """Inserts a text by time; past the cap, the oldest one is dropped."""
    if session.texts is None:
        session.texts = []
    texts = session.texts
    if not texts or text.ts >= texts[-1].ts:
        texts.append(text)
    else:
        insort_right(texts, text, key=_by_time)
    if len(texts) > caps.TEXTS:
        del texts[0]


def add_over(session: OpenSession, limit: str, count: int = 1) -> None:
    """Counts events over one of the visitor's limits; the configuration bounds their number."""
    session.limits_over = session.limits_over or {}
    session.limits_over[limit] = session.limits_over.get(limit, 0) + count


def add_hits(session: OpenSession, pattern: str, hits: int, version: str) -> bool:
    """Adds hits of a pattern, up to the cap of patterns; returns whether the pattern is new to the session."""
    if session.heuristics is None:
        session.heuristics = {}
    found = session.heuristics.get(pattern)
    if found is not None:
        found.hits += hits
        found.version = version
        return False
    if len(session.heuristics) >= caps.PATTERNS:
        return False
    session.heuristics[pattern] = Hits(hits, version)
    return True


def _fold_response(session: OpenSession, event: FastEvent) -> None:
    status, method, size = event.status, event.method, event.bytes
    if status is not None:
        name = _CLASSES[status // 100]
        statuses = session.statuses
        if statuses is None:
            session.statuses = {name: 1}
        elif name in statuses:
            statuses[name] += 1
        else:
            statuses[name] = 1
    if method is not None:
        methods = session.methods
        if methods is None:
            session.methods = {method: 1}
        elif method in methods:
            methods[method] += 1
        else:
            count_capped(methods, method, 1, caps.METHODS)
    if size is not None:
        session.body_bytes = min(session.body_bytes + size, caps.BYTES)


def _fold_texts(session: OpenSession, event: FastEvent, ts: float) -> None:
    for field, text in (("title", event.title), ("text", event.text), ("query", event.query)):
        if text:
            add_text(session, KeptText(ts, field, text[: caps.TEXT_CHARACTERS]))
