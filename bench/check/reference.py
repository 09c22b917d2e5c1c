"""A plain fold of the log: what everybody should have published.

Written for being read, over plain values, and apart from Weir's own fold; a test holds it against the oracle of the
chaos runs. It knows only what such a log has: events in the order of time, nothing late, no clock ahead. Patterns'
hits are counted where a matcher is given.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from bench.check.expected import Expected
from bench.events.spec import LogSpec

Fields = dict[str, Any]
Match = Callable[[Fields], Iterable[str]]
"""Ids of the patterns that an event matches."""
MOST = {"accounts": 10, "items": 100, "texts": 20, "text": 500, "urls": 256, "methods": 16}
SAME = ("event_id", "type", "url", "item_id", "value", "query", "title", "text")
"""Equal in an event that was sent twice."""


@dataclass
class ReferenceSession:
    """Measures of a session, named as in its record; sums of gaps beside them."""

    visitor_id: str
    start: float
    end: float
    events: int = 0
    gap_sum: float = 0.0
    gap_squares: float = 0.0
    gap_min: float = 0.0
    gap_max: float = 0.0
    bytes: int = 0
    repeats: int = 0
    items_dropped: int = 0
    entry_url: str | None = None
    exit_url: str | None = None
    firsts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    revenue: dict[str, float] = field(default_factory=dict)
    urls: set[str] = field(default_factory=set)
    accounts: list[str] = field(default_factory=list)
    items: list[Fields] = field(default_factory=list)
    texts: list[Fields] = field(default_factory=list)
    hits: dict[str, int] = field(default_factory=dict)

    def add(self, event: Fields, ts: float) -> None:
        """Folds an event that happened no sooner than those before."""
        if self.events:
            self._add_gap(ts - self.end)
        self.end = ts
        self.events += 1
        _count(self.counts, event["type"])
        for name in ("referrer", "user_agent", "ip"):
            if event.get(name) is not None:
                self.firsts.setdefault(name, event[name])
        if (url := event.get("url")) is not None:
            self._visit(url)
        if (status := event.get("status")) is not None:
            _count(self.statuses, f"{status // 100}xx")
        if (method := event.get("method")) is not None:
            _count(self.methods, method if method in self.methods or len(self.methods) < MOST["methods"] else "other")
        self.bytes += event.get("bytes") or 0
        self._note(event, ts)

    def record(self, *, final: bool) -> Fields:
        """The fields that are compared."""
        counted = self.counts.get
        views, carts = counted("page_view", 0), counted("add_to_cart", 0)
        return {
            "visitor_id": self.visitor_id,
            "account_ids": self.accounts,
            "start": self.start,
            "end": self.end,
            "duration_s": _microseconds(self.end - self.start),
            "final": final,
            "events": self.events,
            "counts": self.counts,
            "statuses": self.statuses,
            "methods": self.methods,
            "bytes": self.bytes,
            "gaps": self._gaps(),
            "distinct_urls": len(self.urls),
            "repeats": self.repeats,
            "page_views": views,
            "clicks": counted("click", 0),
            "searches": counted("search", 0),
            "carts": carts,
            "purchases": counted("purchase", 0),
            "click_through": counted("click", 0) / views if views else 0.0,
            "cart_rate": carts / views if views else 0.0,
            "conversion": counted("purchase", 0) / carts if carts else 0.0,
            "revenue": {currency: round(amount, 6) for currency, amount in self.revenue.items()},
            "items": self.items,
            "items_dropped": self.items_dropped,
            "texts": self.texts,
            "entry_url": self.entry_url,
            "exit_url": self.exit_url,
            "referrer": self.firsts.get("referrer"),
            "user_agent": self.firsts.get("user_agent"),
            "ip": self.firsts.get("ip"),
        }

    def _add_gap(self, gap: float) -> None:
        self.gap_sum += gap
        self.gap_squares += gap * gap
        self.gap_min = gap if self.events == 1 else min(self.gap_min, gap)
        self.gap_max = max(self.gap_max, gap)

    def _gaps(self) -> Fields | None:
        if self.events == 1:
            return None
        mean = self.gap_sum / (self.events - 1)
        variance = self.gap_squares / (self.events - 1) - mean * mean
        return {
            "mean": _microseconds(mean),
            "standard_deviation": _microseconds(sqrt(max(variance, 0.0))),
            "minimum": _microseconds(self.gap_min),
            "maximum": _microseconds(self.gap_max),
        }

    def _visit(self, url: str) -> None:
        if self.entry_url is None:
            self.entry_url = url
        self.exit_url = url
        if url in self.urls:
            self.repeats += 1
        elif len(self.urls) < MOST["urls"]:
            self.urls.add(url)

    def _note(self, event: Fields, ts: float) -> None:
        kind, account = event["type"], event.get("account_id")
        if account is not None and account not in self.accounts and len(self.accounts) < MOST["accounts"]:
            self.accounts.append(account)
        if kind == "purchase" and event.get("value") is not None:
            currency = event.get("currency") or "unknown"
            self.revenue[currency] = self.revenue.get(currency, 0.0) + event["value"]
        if (item := event.get("item_id")) is not None:
            if len(self.items) < MOST["items"]:
                self.items.append({"item_id": item, "type": kind, "ts": ts})
            else:
                self.items_dropped += 1
        for name in ("title", "text", "query"):
            if event.get(name):
                self.texts = [*self.texts, {"field": name, "text": event[name][: MOST["text"]]}][-MOST["texts"] :]


class Partition:
    """Folds one partition into what is expected of it."""

    def __init__(self, spec: LogSpec, expected: Expected, match: Match | None = None) -> None:
        self._spec, self._expected, self._match = spec, expected, match
        self._open: dict[str, list[ReferenceSession]] = {}
        self._seen: dict[str, set[tuple[object, ...]]] = {}
        self._due: list[tuple[float, str, ReferenceSession]] = []

    def take(self, event: Fields) -> None:
        """The next event."""
        ts, name = round(event["ts"], 6), event["visitor_id"]
        self._close(ts - self._spec.gap_s - self._spec.grace_s)
        content = tuple(event.get(part) for part in SAME)
        seen = self._seen.setdefault(name, set())
        if content in seen:
            self._expected.repeats += 1
            return
        seen.add(content)
        session = self._session_of(name, ts)
        session.add(event, ts)
        if self._match:
            for pattern in self._match(event):
                _count(session.hits, pattern)
        if session.events.bit_count() == 1 or event["type"] == "purchase":
            self._expected.publish(session.record(final=False), session.hits)

    def _session_of(self, name: str, ts: float) -> ReferenceSession:
        sessions = self._open.setdefault(name, [])
        if sessions and ts - sessions[-1].end <= self._spec.gap_s:
            return sessions[-1]
        session = ReferenceSession(name, ts, ts)
        sessions.append(session)
        heapq.heappush(self._due, (ts, f"{name}/{ts}", session))
        return session

    def _close(self, horizon: float) -> None:
        while self._due and self._due[0][0] < horizon:
            end, tie, session = heapq.heappop(self._due)
            if session.end > end:
                heapq.heappush(self._due, (session.end, tie, session))
                continue
            self._expected.publish(session.record(final=True), session.hits)
            sessions = self._open[session.visitor_id]
            sessions.remove(session)
            if not sessions:
                del self._open[session.visitor_id], self._seen[session.visitor_id]


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def _microseconds(span_s: float) -> float:
    return int(span_s * 1e6 + 0.5) / 1e6
