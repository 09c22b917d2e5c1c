"""Merges two sessions of a visitor: the measures of the second are added to the first."""

from __future__ import annotations

from streams.sessionize import caps
from streams.sessionize.fold import (
    add_account,
    add_hits,
    add_item,
    add_over,
    add_revenue,
    add_text,
    count_capped,
    count_type,
)
from streams.sessionize.moving import merge_steps
from streams.sessionize.open_session import OpenSession
from streams.sessionize.posting import merge_posting


def merge(first: OpenSession, other: OpenSession) -> None:
    """Adds the measures of `other`, which opened later, to `first`, which keeps its id.

    Gaps are computed once more from the stored steps of both sessions (`merge_steps`).
    """
    merge_steps(first, other)
    if other.end > first.end:
        first.last = other.last
    first.start = min(first.start, other.start)
    first.end = max(first.end, other.end)
    first.events += other.events
    _merge_urls(first, other)
    _merge_counts(first, other)
    first.referrer = other.referrer if first.referrer is None else first.referrer
    first.user_agent = other.user_agent if first.user_agent is None else first.user_agent
    first.ip = other.ip if first.ip is None else first.ip
    for account in other.account_ids or ():
        add_account(first, account)
    first.items_dropped += other.items_dropped
    for item in other.items or ():
        add_item(first, item)
    for text in other.texts or ():
        add_text(first, text)
    for pattern, hits in (other.heuristics or {}).items():
        add_hits(first, pattern, hits.hits, hits.version)
    merge_posting(first, other)


def _merge_urls(first: OpenSession, other: OpenSession) -> None:
    if other.exit_url is not None and other.exit_ts > first.exit_ts:
        first.exit_url, first.exit_ts = other.exit_url, other.exit_ts
    if other.entry_url is not None and (first.entry_url is None or other.entry_ts < first.entry_ts):
        first.entry_url, first.entry_ts = other.entry_url, other.entry_ts
    first.repeats += other.repeats
    for hashed in other.urls:
        if hashed in first.urls:
            first.repeats += 1
        elif len(first.urls) < caps.URLS:
            first.urls[hashed] = 1


def _merge_counts(first: OpenSession, other: OpenSession) -> None:
    for kind, count in other.counts.items():
        count_type(first.counts, kind, count)
    if other.statuses is not None:
        first.statuses = first.statuses or {}
        for status, count in other.statuses.items():
            first.statuses[status] = first.statuses.get(status, 0) + count
    if other.methods is not None:
        first.methods = first.methods or {}
        for method, count in other.methods.items():
            count_capped(first.methods, method, count, caps.METHODS)
    for currency, value in (other.revenue or {}).items():
        add_revenue(first, currency, value)
    first.body_bytes = min(first.body_bytes + other.body_bytes, caps.BYTES)
    first.rate_limited += other.rate_limited
    for limit, count in (other.limits_over or {}).items():
        add_over(first, limit, count)
