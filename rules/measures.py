"""Measures of a session: their names, what each is, how it is read, and whether a value lies between bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from weir.contracts.session import Session

Measure = Literal[
    "events",
    "page_views",
    "clicks",
    "searches",
    "posts",
    "logins",
    "carts",
    "purchases",
    "duration_s",
    "distinct_urls",
    "repeats",
    "share_repeats",
    "responses",
    "share_3xx",
    "share_4xx",
    "share_5xx",
    "share_head",
    "share_post",
    "login_attempts",
    "login_failures",
    "share_login_attempts",
    "share_login_failures",
    "accounts",
    "form_posts",
    "posts_to_one_url",
    "quick_posts",
    "quickest_post_s",
    "immediate_repeats",
    "share_immediate_repeats",
    "share_follows",
    "path_depth",
    "path_entropy",
    "most_of_one_template",
    "share_one_template",
    "gap_median_s",
    "share_zero_gaps",
    "gap_mean_s",
    "gap_variation",
    "events_per_minute",
    "rate_limited",
    "bytes_per_event",
]
MEASURES: Mapping[Measure, str] = {
    "events": "events so far",
    "page_views": "events of type page_view",
    "clicks": "events of type click",
    "searches": "events of type search",
    "posts": "events of type post",
    "logins": "events of type login",
    "carts": "items put into the cart",
    "purchases": "events of type purchase",
    "duration_s": "seconds from the first event to the last",
    "distinct_urls": "URLs seen, each once, up to 256",
    "repeats": "events on a URL that was seen before",
    "share_repeats": "the same as a share of all events",
    "responses": "events whose HTTP status is known",
    "share_3xx": "share of redirects among these",
    "share_4xx": "share of answers like 404 and 403 among these",
    "share_5xx": "share of server errors among these",
    "share_head": "share of HEAD among events whose method is known",
    "share_post": "share of POST among these",
    "login_attempts": "POSTs to a login page, and events of type login",
    "login_failures": "those of them that were refused, or answered with the login form once more",
    "share_login_attempts": "login attempts as a share of all events",
    "share_login_failures": "share of failures among login attempts",
    "accounts": "accounts that its events name, each once, up to a cap",
    "form_posts": "POSTs to a path of comments, contact forms, guest books, registration or forum posts",
    "posts_to_one_url": "most POSTs to one path, of the first 32 paths",
    "quick_posts": "POSTs within 2 s of loading their page",
    "quickest_post_s": "shortest time from loading a page to a POST to it",
    "immediate_repeats": "events on the URL of the event before",
    "share_immediate_repeats": "the same as a share of all events",
    "share_follows": "share of events whose referrer is the page of the event before",
    "path_depth": "mean number of segments of the paths",
    "path_entropy": "how evenly requests spread over path templates, in bits",
    "most_of_one_template": "most requests to paths that differ in ids and numbers alone",
    "share_one_template": "the same as a share of all events",
    "gap_median_s": "median time between neighbouring events, rounded up to 0, 0.1, 0.3, 1, 3, … 300 s",
    "share_zero_gaps": "share of neighbouring events at the same moment",
    "gap_mean_s": "mean time between neighbouring events",
    "gap_variation": "standard deviation of these times by their mean: 0 is a clock, people have 1 and more",
    "events_per_minute": "events by the session's length, from two events on",
    "rate_limited": "events over the visitor's budget",
    "bytes_per_event": "mean size of a response's body",
}
"""What each measure is. A measure that is unknown of a session (no status, a single event) fulfils no bound."""
AT_MOST_THE_EVENTS: frozenset[Measure] = frozenset(
    {
        *("events", "page_views", "clicks", "searches", "posts", "logins", "carts", "purchases", "distinct_urls"),
        *("repeats", "responses", "login_attempts", "login_failures", "accounts", "form_posts", "posts_to_one_url"),
        *("quick_posts", "immediate_repeats", "most_of_one_template", "rate_limited"),
    }
)
"""Measures to which no event adds more than 1."""


def is_within(value: float | None, at_least: float | None = None, at_most: float | None = None) -> bool:
    """Whether a value is known and lies between the bounds that are given; both bounds are inclusive."""
    return value is not None and (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def _share(of: Mapping[str, int], name: str) -> float | None:
    whole = sum(of.values())
    return of.get(name, 0) / whole if whole else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _gap_variation(session: Session) -> float | None:
    gaps = session.gaps
    return gaps.standard_deviation / gaps.mean if gaps is not None and gaps.mean > 0 else None


def _events_per_minute(session: Session) -> float | None:
    return 60.0 * session.events / session.duration_s if session.duration_s > 0 else None


def _attribute(name: str) -> Callable[[Session], float]:
    return lambda session: getattr(session, name)


def _count(event_type: str) -> Callable[[Session], float]:
    return lambda session: session.counts.get(event_type, 0)


MEASURE_READERS: Mapping[Measure, Callable[[Session], float | None]] = {
    **{name: _attribute(name) for name in get_args(Measure) if name in Session.model_fields},
    "posts": _count("post"),
    "logins": _count("login"),
    "share_repeats": lambda session: session.repeats / session.events if session.events else None,
    "responses": lambda session: sum(session.statuses.values()),
    "share_3xx": lambda session: _share(session.statuses, "3xx"),
    "share_4xx": lambda session: _share(session.statuses, "4xx"),
    "share_5xx": lambda session: _share(session.statuses, "5xx"),
    "share_head": lambda session: _share(session.methods, "HEAD"),
    "share_post": lambda session: _share(session.methods, "POST"),
    "share_login_attempts": lambda session: _ratio(session.login_attempts, session.events),
    "share_login_failures": lambda session: _ratio(session.login_failures, session.login_attempts),
    "share_immediate_repeats": lambda session: _ratio(session.immediate_repeats, session.events),
    "share_follows": lambda session: _ratio(session.follows, session.events),
    "share_one_template": lambda session: _ratio(session.most_of_one_template, session.events),
    "share_zero_gaps": lambda session: _ratio(session.zero_gaps, session.events - 1),
    "accounts": lambda session: len(session.account_ids),
    "gap_mean_s": lambda session: session.gaps.mean if session.gaps is not None else None,
    "gap_variation": _gap_variation,
    "events_per_minute": _events_per_minute,
    "bytes_per_event": lambda session: session.bytes / session.events if session.events else None,
}
"""How each measure is read from a session; None where the session does not tell it."""
