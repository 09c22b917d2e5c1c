"""Bounds on what a session stores, so that the state of a visitor who never pauses stays small."""

from __future__ import annotations

from weir.contracts.event import KNOWN_EVENT_TYPES

TYPES = 32
"""Event types unknown to Weir that are counted by name; the rest are `other`."""
METHODS = 16
"""HTTP methods that are counted by name; the rest are `other`."""
CURRENCIES = 8
"""Currencies that are summed by name; the rest are `other`."""
ACCOUNTS = 10
"""Account ids, the first ones."""
ITEMS = 100
"""Touches of items, the first ones by time."""
TEXTS = 20
"""Texts, the newest ones by time."""
TEXT_CHARACTERS = 500
"""Beginning of a text that is kept."""
URLS = 256
"""Hashes of distinct URLs."""
PATTERNS = 200
"""Patterns with their hits."""
BYTES = 2**53
"""Sum of response sizes: the greatest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""
POSTED_PATHS = 32
"""Paths with the number of their POSTs."""
LOADS = 4
"""Loads of pages, the newest ones by time, that a POST may belong to."""
RECENT_POSTS = 4
"""POSTs, the newest ones by time, that a page load that arrives later may match."""
STEPS = 8
"""Events, the newest ones by time, between which an event that arrives out of order is inserted."""
TEMPLATES = 32
"""Path templates with the number of their requests."""
OTHER = "other"
"""Name under which values past a cap are counted."""
UNKNOWN_CURRENCY = "unknown"
"""Name under which amounts without a currency are summed."""
KNOWN_TYPES = frozenset(KNOWN_EVENT_TYPES)
"""The known event types as a set."""
