"""How much of each thing a session remembers: a bot that never sleeps must not grow without end."""

from __future__ import annotations

from weir.contracts.event import KNOWN_EVENT_TYPES

TYPES = 32
"""Event types that are no known ones, counted apart; the rest are `other`."""
METHODS = 16
"""HTTP methods counted apart; the rest are `other`."""
CURRENCIES = 8
"""Currencies summed apart; the rest are `other`."""
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
"""Sum of response sizes: the greatest whole number that every JSON reader takes."""
POSTED_PATHS = 32
"""Paths with the number of their POSTs."""
LOADS = 4
"""Loads of pages, the newest ones by time, that a POST may belong to."""
RECENT_POSTS = 4
"""POSTs, the newest ones by time, that wait for the load of their page."""
STEPS = 8
"""Events, the newest ones by time, among which one that arrives late finds its place."""
TEMPLATES = 32
"""Path templates with the number of their requests."""
OTHER = "other"
"""Where what is past a cap is counted."""
UNKNOWN_CURRENCY = "unknown"
"""Where amounts without a currency are summed."""
KNOWN_TYPES = frozenset(KNOWN_EVENT_TYPES)
"""For look-ups."""
