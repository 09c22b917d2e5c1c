"""Referrers as patterns see them, without the search terms: these were sent to the search engine, not to the site."""

from __future__ import annotations

import re

from rules.heuristics.decode import split_url, whole_url
from rules.heuristics.prose import without_prose

_NAMES = (
    "google|bing|duckduckgo|yahoo|yandex|ya|baidu|sogou|so|sm|naver|daum|seznam|ecosia|qwant|startpage|brave|ask|aol"
    "|ixquick|metager|mojeek|swisscows|kagi|dogpile|lycos|excite|goo|rambler|mail|haosou|coccoc|presearch|you"
    "|gibiru|gigablast|searx|searxng|lilo|ekoru|web|t-online|gmx|docomo|biglobe|nifty|petalsearch|webcrawler|infospace"
    "|mywebsearch|sapo|virgilio|onet|wp|search-results|metacrawler|marginalia|perplexity|phind|exalead|entireweb|msn|live"
)
# The name stands right before a public suffix of one or two parts: `google.evil.example` is no search engine.
_HOST = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*://)?(?:[a-z0-9_-]+\.){{0,4}}(?:{_NAMES})\.(?:(?:com?|org|net|ne|or|gov)\.)?[a-z]{{2,6}}"
    r"(?::[0-9]{1,5})?",
    re.IGNORECASE,
)
# An expression of Log4j's is evaluated wherever it is logged, whichever address carries it.
_EXPRESSION = re.compile(r"\$\{|%24(?:\{|%7b)", re.IGNORECASE)


def referrer_text(referrer: str) -> str:
    """The decoded referrer, without the query string if it is a search engine's page.

    People search for `union select` and `<script>` when they learn to program. The query string stays if it contains
    an expression such as `${jndi:...}`.
    """
    host, path, query = split_url(referrer)
    if not query and "#" not in path:
        return whole_url(referrer)
    name = host or referrer.partition("/")[0].partition("?")[0]
    if _HOST.fullmatch(name) and not _EXPRESSION.search(referrer):
        return whole_url(referrer.partition("?")[0].partition("#")[0])
    # The site's own search page is the referrer of what people choose there.
    return whole_url(referrer if _EXPRESSION.search(referrer) else without_prose(referrer))
