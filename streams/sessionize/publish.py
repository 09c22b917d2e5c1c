"""When a session goes out, and as what record."""

from __future__ import annotations

from math import sqrt

import msgspec

from streams.engine.task import Output
from streams.sessionize.state import OpenSession
from weir.contracts.session import Session
from weir.topics import SESSIONS

# The record's fields in the order of their names: the encoder then has no struct to sort.
_Wire = msgspec.defstruct("Session", sorted(Session.model_fields), gc=False)
_encode = msgspec.json.Encoder(order="deterministic").encode


def is_power_of_two(count: int) -> bool:
    """Whether a session is published for its number of events."""
    return count & (count - 1) == 0


def publish(
    visitor: str,
    session: OpenSession,
    partition: int,
    *,
    final: bool = False,
    split: bool = False,
    merged_into: str | None = None,
) -> Output:
    """The session's next revision as a record of `weir.sessions`."""
    session.revision += 1
    value = _encode(_record(visitor, session, final, split, merged_into))
    headers = (
        ("partition", b"%d" % partition),
        ("offset", b"%d" % session.offset),
        ("appended_ms", b"%d" % session.appended_ms),
    )
    return Output(SESSIONS, visitor.encode(), value, headers)


def _record(visitor: str, one: OpenSession, final: bool, split: bool, merged_into: str | None) -> msgspec.Struct:
    counted = one.counts.get
    page_views, clicks, searches = counted("page_view", 0), counted("click", 0), counted("search", 0)
    carts, purchases = counted("add_to_cart", 0), counted("purchase", 0)
    return _Wire(  # positions, since names would cost more than the encoding
        one.account_ids,
        one.bytes,
        carts / page_views if page_views else 0.0,
        carts,
        clicks / page_views if page_views else 0.0,
        clicks,
        purchases / carts if carts else 0.0,
        one.counts,
        len(one.urls),
        round(one.end - one.start, 6),
        one.end,
        one.entry_url,
        one.events,
        one.exit_url,
        final,
        _gaps(one) if one.events > 1 else None,
        one.heuristics and {id_: {"hits": hits.hits, "version": hits.version} for id_, hits in one.heuristics.items()},
        one.ip,
        one.items and [{"item_id": item.item_id, "ts": item.ts, "type": item.type} for item in one.items],
        one.items_dropped,
        merged_into,
        one.methods,
        page_views,
        purchases,
        one.rate_limited,
        one.referrer,
        one.repeats,
        one.revenue and {currency: round(total, 6) for currency, total in one.revenue.items()},
        one.revision,
        searches,
        one.session_id,
        split,
        one.start,
        one.statuses,
        one.texts and [{"field": text.field, "text": text.text} for text in one.texts],
        one.user_agent,
        visitor,
    )


def _gaps(one: OpenSession) -> dict[str, float]:
    count = one.events - 1
    mean = one.gap_sum / count
    variance = max(0.0, one.gap_squares / count - mean * mean)
    return {
        "maximum": round(one.gap_max, 6),
        "mean": round(mean, 6),
        "minimum": round(one.gap_min, 6),
        "standard_deviation": round(sqrt(variance), 6),
    }
