"""Records as the stages publish them, for the tables."""

from __future__ import annotations

import json
from typing import Any

NOON_S = 1_700_049_600.0


def session(number: int, visitor: str = "v", **more: Any) -> bytes:  # noqa: ANN401 -- JSON
    """A session whose number is also its count of events; closed, unless said otherwise."""
    return json.dumps(
        {
            "session_id": f"s{number}", "visitor_id": visitor, "account_ids": [], "start": NOON_S + number,
            "end": NOON_S + number + 60, "duration_s": 60.0, "revision": 1, "final": True, "split": False,
            "merged_into": None, "events": number, "counts": {"page_view": number}, "statuses": {}, "methods": {},
            "bytes": 0, "gaps": None, "distinct_urls": 1, "repeats": 0, "page_views": number, "clicks": 0,
            "searches": 0, "carts": 0, "purchases": 0, "click_through": 0.0, "cart_rate": 0.0, "conversion": 0.0,
            "revenue": {}, "items": [], "items_dropped": 0, "texts": [], "entry_url": "/", "exit_url": "/",
            "referrer": None, "user_agent": "x", "ip": None, "rate_limited": 0, "heuristics": {},
        }
        | more
    ).encode()  # fmt: skip


def flag(number: int, visitor: str = "v", **more: Any) -> bytes:  # noqa: ANN401 -- JSON
    """A verdict on the session of that number."""
    return json.dumps(
        {
            "flag_id": f"f{number}", "session_id": f"s{number}", "visitor_id": visitor, "revision": 1,
            "ts": NOON_S + number, "verdict": "block", "stage": "heuristics",
            "reasons": [{"id": "tool", "version": "1", "text": "A tool."}], "score": None, "model": None,
            "features_hash": None, "latency_ms": 1.0, "shadow": [],
        }
        | more
    ).encode()  # fmt: skip
