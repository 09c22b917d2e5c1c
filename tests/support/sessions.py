"""Sessions as tests need them: a plain one, changed where the test says so."""

from __future__ import annotations

from typing import Any

from weir.contracts import Session

PLAIN: dict[str, Any] = {
    "session_id": "s1",
    "visitor_id": "v1",
    "account_ids": [],
    "start": 1_000.0,
    "end": 1_060.0,
    "duration_s": 60.0,
    "revision": 3,
    "final": False,
    "split": False,
    "merged_into": None,
    "events": 4,
    "counts": {"page_view": 3, "click": 1},
    "statuses": {"2xx": 3, "4xx": 1},
    "methods": {"GET": 4},
    "bytes": 4_000,
    "gaps": {"mean": 20.0, "standard_deviation": 5.0, "minimum": 15.0, "maximum": 27.0},
    "distinct_urls": 3,
    "repeats": 1,
    "page_views": 3,
    "clicks": 1,
    "searches": 0,
    "carts": 0,
    "purchases": 0,
    "click_through": 1 / 3,
    "cart_rate": 0.0,
    "conversion": 0.0,
    "revenue": {},
    "items": [],
    "items_dropped": 0,
    "texts": [],
    "entry_url": "/shop/shoes?size=42",
    "exit_url": "https://shop.example/shop/cart.html",
    "referrer": "https://www.search.example/?q=shoes",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "ip": "192.0.2.17",
    "rate_limited": 0,
    "limits_over": {},
    "heuristics": {},
}


def make_session(**changed: Any) -> Session:  # noqa: ANN401 -- any of the contract's fields
    """A plain shopper's session with these fields changed."""
    return Session.model_validate({**PLAIN, **changed})
