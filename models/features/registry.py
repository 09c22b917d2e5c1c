"""Every feature, declared once: name, kind, unit, meaning and the function that computes it.

Inputs of weak labels are no features, or the model would learn its own label: pattern hits, budgets, purchases,
revenue. The time of day is none either: it would teach when labels were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "category", "text"]
"""A float, a name out of an open set, or free text."""

FEATURES_VERSION = "3"
"""Increases when an unchanged session would have other features: models of other versions don't score."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a session."""

    name: str
    """Name, unique among features."""
    kind: Kind
    """How models encode it."""
    unit: str
    """Unit of a number; empty for categories and texts."""
    meaning: str
    """What it measures, in words for people."""
    code: str
    """Function that computes it, as `module:function`."""


def _numbers(function: str, *rows: tuple[str, str, str]) -> tuple[Feature, ...]:
    code = f"models.features.numbers:{function}"
    return tuple(Feature(name, "number", unit, meaning, code) for name, unit, meaning in rows)


def _words(kind: Kind, function: str, *rows: tuple[str, str]) -> tuple[Feature, ...]:
    code = f"models.features.words:{function}"
    return tuple(Feature(name, kind, "", meaning, code) for name, meaning in rows)


_RHYTHM = _numbers(
    "rhythm",
    ("events", "events", "Events other than purchases"),
    ("duration_s", "s", "From the first event to the last"),
    ("events_per_minute", "1/min", "Events by duration, of at least a second"),
    ("gap_mean_s", "s", "Mean time between neighbouring events"),
    ("gap_standard_deviation_s", "s", "Spread of these times"),
    ("gap_minimum_s", "s", "The shortest of them"),
    ("gap_maximum_s", "s", "The longest of them"),
    ("gap_variation", "ratio", "Spread by mean: near 0 is clockwork, near 1 chance, above it bursts"),
    ("gap_median_s", "s", "Median of these times, rounded up to one of nine steps"),
    ("zero_gap_share", "share", "Neighbouring events at the same moment, per event"),
)
_TRAFFIC = _numbers(
    "traffic",
    ("bytes", "bytes", "Size of all answers"),
    ("bytes_per_event", "bytes", "Their mean size"),
    ("distinct_url_share", "share", "Distinct URLs per event"),
    ("repeat_share", "share", "Events on a URL seen before"),
    ("status_2xx_share", "share", "Answers that went well, of those with a status"),
    ("status_3xx_share", "share", "Redirections and unchanged pages, likewise"),
    ("status_4xx_share", "share", "Refused or not found, likewise"),
    ("status_5xx_share", "share", "Failures of the server, likewise"),
    ("method_get_share", "share", "GET, of the events with a method"),
    ("method_post_share", "share", "POST, likewise"),
    ("method_head_share", "share", "HEAD, likewise"),
    ("methods", "methods", "Distinct methods"),
    ("other_methods_share", "share", "Methods other than GET, of the events with a method"),
    ("distinct_urls", "URLs", "Distinct URLs"),
    ("page_views", "page views", "Events of type `page_view`"),
    ("immediate_repeat_share", "share", "Events on the URL of the event before, per event"),
    ("follow_share", "share", "Events whose referrer is the page of the event before, per event"),
    ("path_depth", "segments", "Mean number of segments of its URLs' paths"),
    ("most_of_one_template_share", "share", "Most requests to paths that differ in ids alone, per event"),
    ("path_entropy", "bits", "How evenly requests spread over these templates"),
)
_DEEDS = _numbers(
    "deeds",
    ("page_view_share", "share", "Page views per event"),
    ("click_share", "share", "Clicks per event"),
    ("search_share", "share", "Searches per event"),
    ("add_to_cart_share", "share", "Items put into the cart per event"),
    ("post_share", "share", "Posts per event"),
    ("login_share", "share", "Logins per event"),
    ("other_share", "share", "Events of other types per event"),
    ("types", "types", "Distinct types of events other than purchases"),
    ("click_through", "ratio", "Clicks per page view"),
    ("cart_rate", "ratio", "Items put into the cart per page view"),
    ("item_touches", "touches", "Touches of items other than purchases"),
    ("item_distinct_share", "share", "Distinct items per touch that is kept"),
    ("item_entropy", "bits", "How evenly these touches spread over the items: 0 is one item again and again"),
    ("type_entropy", "bits", "How evenly events other than purchases spread over types"),
    ("accounts", "accounts", "Accounts seen"),
    ("form_post_share", "share", "POSTs to a form of comments, contact or registration, per event"),
    ("posts_to_one_url_share", "share", "Most POSTs to one path, per event"),
    ("quick_post_share", "share", "POSTs within 2 s of loading their page, per event"),
    ("quickest_post_s", "s", "Shortest time from loading a page to a POST to the same path"),
    ("login_attempts", "attempts", "POSTs to a login page, and events of type `login`"),
    ("login_failure_share", "share", "Attempts that failed"),
)
_WRITING = _numbers(
    "writing",
    ("texts", "texts", "Newest titles, texts and queries that are kept"),
    ("text_characters", "characters", "Length of them all"),
    ("text_digit_share", "share", "Digits in them"),
    ("text_capital_share", "share", "Capital letters in them"),
    ("text_symbol_share", "share", "Characters that are neither letters, digits nor spaces"),
    ("text_links", "links", "Addresses of pages in them"),
    ("text_longest_number", "digits", "The longest row of digits in them, such as a telephone number"),
    ("text_repeat_share", "share", "Of the texts that are kept, those that say the same as another"),
    ("entry_path_depth", "segments", "Segments of the first path"),
    ("query_string_characters", "characters", "Query strings of the first and last URL"),
    ("url_escape_share", "share", "Per-cent escapes in the first and last URL, by character"),
    ("has_referrer", "0 or 1", "Whether a page led here"),
    ("has_user_agent", "0 or 1", "Whether the client names itself"),
    ("user_agent_characters", "characters", "Length of that name"),
)
_CATEGORIES = _words(
    "category",
    "categories",
    ("user_agent_family", "Browser, or the name that a program gives itself"),
    ("user_agent_release", "The family with its major version"),
    ("operating_system", "As the user agent says"),
    ("referrer_host", "Host of the page that led here, without `www.`"),
    ("address_prefix", "/24 of an IPv4 address, /48 of an IPv6 one"),
    ("address_network", "/16 of an IPv4 address, /32 of an IPv6 one"),
    ("method", "The most frequent method"),
    ("entry_section", "First segment of the first path"),
    ("exit_extension", "File extension of the last path"),
    ("language", "Of what was written, by its commonest words or its script"),
)
_TEXTS = _words(
    "text",
    "texts",
    ("text", "Newest titles, texts and queries, newest first, capped"),
    ("paths", "First and last path with their query strings, capped"),
    ("user_agent", "The client's name as it gives it, capped"),
)

FEATURES: tuple[Feature, ...] = (*_RHYTHM, *_TRAFFIC, *_DEEDS, *_WRITING, *_CATEGORIES, *_TEXTS)
"""All features: numbers, then categories, then texts."""
KINDS: dict[str, Kind] = {feature.name: feature.kind for feature in FEATURES}
"""Kind of each feature, by name."""
