"""Numeric features of a session: rhythm, traffic, actions and the form of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from math import log2

from weir.contracts.session import Session

_DIGITS = re.compile(r"\d+")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_KNOWN_TYPES = ("page_view", "click", "search", "add_to_cart", "post", "login")
_LEFT_OUT_TYPE = "purchase"


def rhythm(session: Session) -> dict[str, float]:
    """Number and timing of events, purchases left out.

    Args:
        session: The session.

    Returns:
        Numbers by name; units are in the registry. Gaps are left out for a single event.
    """
    events = _events(session)
    numbers = {
        "events": float(events),
        "duration_s": session.duration_s,
        "events_per_minute": 60.0 * events / max(session.duration_s, 1.0),
    }
    gaps = session.gaps
    if gaps is not None:
        numbers["gap_mean_s"] = gaps.mean
        numbers["gap_standard_deviation_s"] = gaps.standard_deviation
        numbers["gap_minimum_s"] = gaps.minimum
        numbers["gap_maximum_s"] = gaps.maximum
        numbers["gap_variation"] = gaps.standard_deviation / max(gaps.mean, 1e-3)
        numbers["zero_gap_share"] = session.zero_gaps / max(events, 1)
    if session.gap_median_s is not None:
        numbers["gap_median_s"] = session.gap_median_s
    return numbers


def traffic(session: Session) -> dict[str, float]:
    """Sizes, statuses, methods and repetition of requests.

    Args:
        session: The session.

    Returns:
        Numbers by name; units are in the registry. Shares with a denominator of 0 are left out.
    """
    events = max(_events(session), 1)
    numbers = {
        "bytes": float(session.bytes),
        "bytes_per_event": session.bytes / events,
        "distinct_url_share": session.distinct_urls / events,
        "repeat_share": session.repeats / events,
        "distinct_urls": float(session.distinct_urls),
        "page_views": float(session.page_views),
        "immediate_repeat_share": session.immediate_repeats / events,
        "follow_share": session.follows / events,
        "most_of_one_template_share": session.most_of_one_template / events,
    }
    if session.path_depth is not None:
        numbers["path_depth"] = session.path_depth
    if session.path_entropy is not None:
        numbers["path_entropy"] = session.path_entropy
    statuses = sum(session.statuses.values())
    if statuses:
        for status in _STATUS_CLASSES:
            numbers[f"status_{status}_share"] = session.statuses.get(status, 0) / statuses
    methods = sum(session.methods.values())
    if methods:
        for method in ("get", "post", "head"):
            numbers[f"method_{method}_share"] = session.methods.get(method.upper(), 0) / methods
        numbers["other_methods_share"] = 1.0 - session.methods.get("GET", 0) / methods
        numbers["methods"] = float(len(session.methods))
    return numbers


def deeds(session: Session) -> dict[str, float]:
    """Types of events, items and forms, purchases left out.

    Args:
        session: The session.

    Returns:
        Numbers by name; units are in the registry.
    """
    events = max(_events(session), 1)
    counts = session.counts
    numbers = {f"{kind}_share": counts.get(kind, 0) / events for kind in _KNOWN_TYPES}
    numbers["other_share"] = max(0.0, 1.0 - sum(numbers.values()))
    numbers["types"] = float(len(counts) - (_LEFT_OUT_TYPE in counts))
    numbers["click_through"] = session.click_through
    numbers["cart_rate"] = session.cart_rate
    items = [item.item_id for item in session.items if item.type != _LEFT_OUT_TYPE]
    numbers["item_touches"] = float(len(items))
    if items:
        numbers["item_distinct_share"] = len(set(items)) / len(items)
        numbers["item_entropy"] = _entropy(Counter(items).values())
    numbers["type_entropy"] = _entropy(count for kind, count in counts.items() if kind != _LEFT_OUT_TYPE)
    numbers["accounts"] = float(len(session.account_ids))
    numbers["form_post_share"] = session.form_posts / events
    numbers["posts_to_one_url_share"] = session.posts_to_one_url / events
    numbers["quick_post_share"] = session.quick_posts / events
    if session.quickest_post_s is not None:
        numbers["quickest_post_s"] = session.quickest_post_s
    numbers["login_attempts"] = float(session.login_attempts)
    if session.login_attempts:
        numbers["login_failure_share"] = session.login_failures / session.login_attempts
    return numbers


def writing(session: Session) -> dict[str, float]:
    """How the texts, URLs and the client's name look; shares of nothing are left out."""
    urls = (session.entry_url or "") + (session.exit_url or "")
    numbers = {
        "texts": float(len(session.texts)),
        "entry_path_depth": float((session.entry_url or "").partition("?")[0].count("/")),
        "query_string_characters": float(_query_length(session.entry_url) + _query_length(session.exit_url)),
        "url_escape_share": urls.count("%") / max(len(urls), 1),
        "has_referrer": float(bool(session.referrer)),
        "has_user_agent": float(bool(session.user_agent)),
        "user_agent_characters": float(len(session.user_agent or "")),
    }
    if session.texts:
        numbers.update(_looks("\n".join(seen.text for seen in session.texts)))
        numbers["text_repeat_share"] = 1.0 - len({seen.text for seen in session.texts}) / len(session.texts)
    return numbers


def _looks(text: str) -> dict[str, float]:
    length = max(len(text), 1)
    digits = sum(map(str.isdigit, text))
    letters_and_spaces = sum(map(str.isalpha, text)) + sum(map(str.isspace, text))
    return {
        "text_characters": float(len(text)),
        "text_digit_share": digits / length,
        "text_capital_share": sum(map(str.isupper, text)) / length,
        "text_symbol_share": max(0, length - digits - letters_and_spaces) / length,
        "text_links": float(len(_LINK.findall(text))),
        "text_longest_number": float(max(map(len, _DIGITS.findall(text)), default=0)),
    }


def _entropy(counts: Iterable[int]) -> float:
    """Entropy of a distribution, in bits; 0 for one kind or none."""
    known = [count for count in counts if count > 0]
    total = sum(known)
    return -sum(count / total * log2(count / total) for count in known) if len(known) > 1 else 0.0


def _query_length(url: str | None) -> int:
    return len(url.partition("?")[2]) if url else 0


def _events(session: Session) -> int:
    return max(0, session.events - session.counts.get(_LEFT_OUT_TYPE, 0))
