"""Makes the record of `weir.sessions` for a session's revision."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import msgspec
from pydantic import BaseModel

from streams.sessionize.moving import Rhythm, motion
from streams.sessionize.open_session import OpenSession
from streams.sessionize.state import Posting
from weir.contracts.session import Gaps, ItemTouch, PatternHits, Session, TextSeen
from weir.kafka.records import Output
from weir.topics import SESSIONS


def _wire(model: type[BaseModel]) -> type[msgspec.Struct]:
    """A struct with the model's fields in the order of their names, so that canonical JSON needs no sorting."""
    return msgspec.defstruct(model.__name__, sorted(model.model_fields), gc=False)


_Wire = _wire(Session)
_Gaps = _wire(Gaps)
_Hits = _wire(PatternHits)
_ItemTouch = _wire(ItemTouch)
_TextSeen = _wire(TextSeen)
_encode = msgspec.json.Encoder(order="deterministic").encode


class Ending(NamedTuple):
    """Whether a revision is a session's last one, and why."""

    final: bool = False
    split: bool = False
    merged_into: str | None = None


_NOTHING_POSTED = Posting()
RUNNING = Ending()
CLOSED = Ending(final=True)
SPLIT = Ending(final=True, split=True)


def publish(
    visitor: str, session: OpenSession, partition: bytes, ending: Ending = RUNNING, packs: bytes = b"{}"
) -> Output:
    """The session's next revision as a record of `weir.sessions`.

    `partition` is the input partition in decimal. `packs` are the versions of the packs in force, as JSON.
    """
    session.revision += 1
    value = _encode(_record(visitor, session, ending))
    headers = (
        ("partition", partition),
        ("offset", b"%d" % session.offset),
        ("appended_ms", b"%d" % session.appended_ms),
        ("packs", packs),
    )
    return Output(SESSIONS, visitor.encode(), value, headers)


def _record(visitor: str, one: OpenSession, ending: Ending) -> msgspec.Struct:
    counted = one.counts.get
    posting = one.posting or _NOTHING_POSTED
    page_views, clicks = counted("page_view", 0), counted("click", 0)
    carts, purchases = counted("add_to_cart", 0), counted("purchase", 0)
    beats, moved = motion(one)
    gaps = None if beats is None else _gaps(beats, one.events - 1)
    return _Wire(  # by position, in the order of names: keywords would cost more than the encoding
        one.account_ids or (),
        one.body_bytes,
        carts / page_views if page_views else 0.0,
        carts,
        clicks / page_views if page_views else 0.0,
        clicks,
        purchases / carts if carts else 0.0,
        one.counts,
        len(one.urls),
        _microseconds(one.end - one.start),
        one.end,
        one.entry_url,
        one.events,
        one.exit_url,
        ending.final,
        moved.follows,
        posting.form_posts,
        None if moved.median_gap_s is None else _microseconds(moved.median_gap_s),
        gaps,
        {name: _Hits(hits.hits, hits.version) for name, hits in one.heuristics.items()} if one.heuristics else {},
        moved.same_again,
        one.ip,
        [_ItemTouch(item.item_id, item.ts, item.type) for item in one.items] if one.items else (),
        one.items_dropped,
        one.limits_over or {},
        posting.logins,
        posting.logins_failed,
        ending.merged_into,
        one.methods or {},
        moved.most_of_one_template,
        page_views,
        moved.path_depth,
        moved.path_entropy,
        max(posting.paths.values()) if posting.paths else 0,
        purchases,
        posting.quick_posts,
        None if posting.quickest_s < 0.0 else _microseconds(posting.quickest_s),
        one.rate_limited,
        one.referrer,
        one.repeats,
        {currency: round(total, 6) for currency, total in one.revenue.items()} if one.revenue else {},
        one.revision,
        counted("search", 0),
        one.identity.hex(),
        ending.split,
        one.start,
        one.statuses or {},
        [_TextSeen(text.field, text.text) for text in one.texts] if one.texts else (),
        one.user_agent,
        visitor,
        moved.zero_gaps,
    )


def _gaps(beats: Rhythm, count: int) -> msgspec.Struct:
    mean = beats.total / count
    variance = beats.squares / count - mean * mean
    deviation = sqrt(variance) if variance > 0.0 else 0.0
    return _Gaps(
        _microseconds(beats.longest), _microseconds(mean), _microseconds(beats.shortest), _microseconds(deviation)
    )


def _microseconds(span_s: float) -> float:
    """A non-negative duration, rounded to the microsecond: unlike `round` in ties, and in a third of its time."""
    return int(span_s * 1e6 + 0.5) / 1e6
