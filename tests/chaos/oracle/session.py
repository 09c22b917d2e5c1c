"""A session that is open, and the measures of its record.

Silences: the id is BLAKE2b (16 bytes, hexadecimal) over compact JSON of visitor, event id and `ts` as received, numbers
as doubles in their shortest form (from 0.0001 on, as Python writes them). What is "first" (referrer, user agent,
address, accounts) is the first folded, the first opened session's before the other's; what has a place in time (entry,
exit, items, texts) goes by time, equals in the order of folding. The caps. A URL beyond the cap of those remembered is
neither distinct nor repeated. Amounts without currency are `unknown`; only purchases have revenue. An empty text is
none.
"""

from __future__ import annotations

import json
from bisect import insort_right
from hashlib import blake2b
from typing import Any

from tests.chaos.oracle.expected import Revision
from tests.chaos.oracle.moments import seconds_of
from tests.chaos.oracle.moving import Moving
from tests.chaos.oracle.posting import Posting
from tests.chaos.oracle.reading import Fields

TYPES = frozenset(
    {"page_view", "click", "search", "add_to_cart", "remove_from_cart", "purchase", "post", "login", "ping"}
)
MAX_OTHER_TYPES, MAX_METHODS, MAX_CURRENCIES, MAX_ACCOUNTS = 32, 16, 8, 10
MAX_ITEMS, MAX_TEXTS, MAX_TEXT, MAX_URLS, MAX_PATTERNS = 100, 20, 500, 256, 200
MAX_BYTES = 2**53

Touch = tuple[int, str, str]
"""Moment, item and type; or moment, field and text."""


def session_id(event: Fields) -> str:
    """The id of the session that an event opens."""
    sent = event["ts"] if isinstance(event["ts"], str) else float(event["ts"])
    opening = [event["visitor_id"], event["event_id"], sent]
    text = json.dumps(opening, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Session:
    """Sums over the events of a session, from its first on."""

    def __init__(self, event: Fields, moment: int) -> None:
        self.id = session_id(event)
        self.visitor: str = event["visitor_id"]
        self.start = self.end = moment
        self.place = (0, 0)
        """Partition and offset of the event folded last."""
        self.appended_ms = 0
        self.events = self.rate_limited = self.bytes = self.repeats = self.items_dropped = 0
        self.moving = Moving()
        self.posting = Posting()
        self.counts: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self.methods: dict[str, int] = {}
        self.revenue: dict[str, float] = {}
        self.urls: dict[str, None] = {}
        self.accounts: dict[str, None] = {}
        self.items: list[Touch] = []
        self.texts: list[Touch] = []
        self.entry: tuple[int, str] | None = None
        self.exit: tuple[int, str] | None = None
        self.firsts: dict[str, str] = {}
        self.heuristics: dict[str, dict[str, Any]] = {}
        self.limits_over: dict[str, int] = {}
        self.revisions: list[Revision] = []
        """Those so far."""

    def fold(self, event: Fields, moment: int) -> None:
        """Adds an event."""
        self.moving.fold(event, moment)
        self.events += 1
        self.start, self.end = min(self.start, moment), max(self.end, moment)
        self._count_type(event["type"], 1)
        for name in ("referrer", "user_agent", "ip"):
            if event[name] is not None:
                self.firsts.setdefault(name, event[name])
        if event["url"] is not None:
            self._visit(event["url"], moment)
        if event["type"] == "purchase" and event["value"] is not None:
            _add_capped(self.revenue, event["currency"] or "unknown", event["value"], MAX_CURRENCIES)
        self.posting.fold(event, moment)
        self._answer(event["status"], event["method"], event["bytes"])
        if event["account_id"] is not None:
            self._note_account(event["account_id"])
        if event["item_id"] is not None:
            self._touch((moment, event["item_id"], event["type"]))
        for name in ("title", "text", "query"):
            if event[name]:
                self._read((moment, name, event[name][:MAX_TEXT]))

    def note(self, pattern: str, version: str, hits: int = 1) -> bool:
        """Counts a pattern's hits; whether it is new here."""
        known = self.heuristics.get(pattern)
        if known is None and len(self.heuristics) >= MAX_PATTERNS:
            return False
        before = known["hits"] if known else 0
        self.heuristics[pattern] = {"hits": before + hits, "version": version}
        return known is None

    def absorb(self, other: Session) -> None:
        """Adds all that a session has that opened later."""
        earlier = self if self.start <= other.start else other
        self.moving.absorb(other.moving, earlier.moving, max(self.start, other.start))
        self.posting.absorb(other.posting)
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.events += other.events
        self.rate_limited += other.rate_limited
        self.limits_over = _sums(self.limits_over, other.limits_over)
        self.bytes = min(self.bytes + other.bytes, MAX_BYTES)
        for kind, count in other.counts.items():
            self._count_type(kind, count)
        for status, count in other.statuses.items():
            _add(self.statuses, status, count)
        for method, count in other.methods.items():
            _add_capped(self.methods, method, count, MAX_METHODS)
        for currency, amount in other.revenue.items():
            _add_capped(self.revenue, currency, amount, MAX_CURRENCIES)
        self.firsts = other.firsts | self.firsts
        for account in other.accounts:
            self._note_account(account)
        self._absorb_visits(other)
        self.items_dropped += other.items_dropped
        for item in other.items:
            self._touch(item)
        for text in other.texts:
            self._read(text)
        for pattern, hits in other.heuristics.items():
            self.note(pattern, hits["version"], hits["hits"])

    def record(self) -> dict[str, Any]:
        """The fields of its record, but for those that depend on how it is published."""
        counted = self.counts.get
        views, carts = counted("page_view", 0), counted("add_to_cart", 0)
        return {
            "session_id": self.id,
            "visitor_id": self.visitor,
            "account_ids": list(self.accounts),
            "start": seconds_of(self.start),
            "end": seconds_of(self.end),
            "duration_s": seconds_of(self.end - self.start),
            "events": self.events,
            "counts": self.counts,
            "statuses": self.statuses,
            "methods": self.methods,
            "bytes": self.bytes,
            **self.moving.record(),
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
            "revenue": self.revenue,
            "items": [{"item_id": item, "type": kind, "ts": seconds_of(ts)} for ts, item, kind in self.items],
            "items_dropped": self.items_dropped,
            "texts": [{"field": name, "text": text} for _, name, text in self.texts],
            "entry_url": self.entry[1] if self.entry else None,
            "exit_url": self.exit[1] if self.exit else None,
            "referrer": self.firsts.get("referrer"),
            "user_agent": self.firsts.get("user_agent"),
            "ip": self.firsts.get("ip"),
            "rate_limited": self.rate_limited,
            "limits_over": self.limits_over,
            **self.posting.record(),
            "heuristics": self.heuristics,
        }

    def _count_type(self, kind: str, by: int) -> None:
        if kind not in self.counts and kind not in TYPES:
            strange = len(self.counts.keys() - TYPES)
            kind = "other" if strange >= MAX_OTHER_TYPES else kind
        _add(self.counts, kind, by)

    def _visit(self, url: str, moment: int) -> None:
        if self.exit is None or moment >= self.exit[0]:
            self.exit = (moment, url)
        if self.entry is None or moment < self.entry[0]:
            self.entry = (moment, url)
        self._remember(url)

    def _remember(self, url: str) -> None:
        if url in self.urls:
            self.repeats += 1
        elif len(self.urls) < MAX_URLS:
            self.urls[url] = None

    def _absorb_visits(self, other: Session) -> None:
        if other.exit and (self.exit is None or other.exit[0] > self.exit[0]):
            self.exit = other.exit
        if other.entry and (self.entry is None or other.entry[0] < self.entry[0]):
            self.entry = other.entry
        self.repeats += other.repeats
        for url in other.urls:
            self._remember(url)

    def _answer(self, status: int | None, method: str | None, size: int | None) -> None:
        if status is not None:
            _add(self.statuses, f"{status // 100}xx", 1)
        if method is not None:
            _add_capped(self.methods, method, 1, MAX_METHODS)
        self.bytes = min(self.bytes + (size or 0), MAX_BYTES)

    def _note_account(self, account: str) -> None:
        if len(self.accounts) < MAX_ACCOUNTS:
            self.accounts[account] = None

    def _touch(self, item: Touch) -> None:
        insort_right(self.items, item, key=_moment)
        if len(self.items) > MAX_ITEMS:
            self.items.pop()
            self.items_dropped += 1

    def _read(self, text: Touch) -> None:
        insort_right(self.texts, text, key=_moment)
        if len(self.texts) > MAX_TEXTS:
            self.texts.pop(0)


def _moment(touch: Touch) -> int:
    return touch[0]


def _sums(first: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + other.get(name, 0) for name in (*first, *other)}


def _add(sums: dict[str, int], name: str, by: int) -> None:
    sums[name] = sums.get(name, 0) + by


def _add_capped(sums: dict[str, Any], name: str, by: float, most: int) -> None:
    name = "other" if name not in sums and len(sums) >= most else name
    sums[name] = sums.get(name, 0) + by
