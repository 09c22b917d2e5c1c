"""Crawlers that identify themselves, by the patterns of the package crawler-user-agents (MIT)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # has no types

PACKAGE = "crawler-user-agents"
WEIGHT = 0.75
"""Enough to throttle alone: the crawler identifies itself, and no entry allows it."""
GROUP = "who-it-says-it-is"
"""Two patterns that know the same name are one reason."""
_TAGS = {
    "search-engine": "search-engine",
    "http-library": "http-library",
    "scanner": "scanner",
    "browser-automation": "browser-automation",
}
CATEGORIES = frozenset({"crawler", *_TAGS.values()})
"""Of patterns that match a name which a crawler gives itself."""
_APP = "an app of people's sends it, and its own fetcher is rare"
_BROWSER = "a browser of people's has this name"
_DEVICES = "devices of people have this name"
_PROGRAM = "a desktop program of people's names itself so in its built-in browser"
_PREVIEW = "a person's own phone or computer sends it when it shows a link"
_COMMON = "too short or too common a word to be certain of a crawler"
LEFT_OUT: Mapping[str, str] = {
    r"AP3A\.240617\.008": "a build of Android 15 that very many phones have",
    "MetaIAB Facebook": "the browser inside Facebook's apps",
    **dict.fromkeys(("WhatsApp", "Viber", r"Valve\/Steam"), _PREVIEW),
    **dict.fromkeys((r"Code\/1\.", r"Trae\/", r"Notion\/", r"Asana\/", r"Grammarly\/", "BTWebClient"), _PROGRAM),
    **dict.fromkeys(("Sogou", "Fluid", r"^Silk\/", "coccoc", r"Freespoke\/", "Swisscows"), _BROWSER),
    **dict.fromkeys(
        (
            *(
                "Goodreads",
                "Podimo",
                r"Overcast\/",
                r"PocketCasts\/",
                r"Instapaper\/",
                r"Bluesky\/",
                r"Tumblr\/",
                "Disqus",
            ),
            *(
                r"PayPal\/",
                r"upday\/",
                "Blackboard",
                "Hatena",
                r"Salesforce\.com",
                r"Feeder \/",
                r"Hype Machine\/",
                "FeedFlow",
            ),
            *(r"NewsNow\/", r"Scoop\.it\/", "AllAfrica"),
        ),
        _APP,
    ),
    **dict.fromkeys(("Sonic", "Butterfly", "Fever", "Charlotte", "Magellan", "Adventurer", "Devin", "Trove"), _DEVICES),
    **dict.fromkeys(
        (
            *(
                r"008\/",
                r"RED\/",
                r"Dlc\/",
                r"BW\/",
                r"Make\/",
                r"Operator\/",
                r"Uptime\/",
                r"Readable\/",
                "ds9",
                "linko",
            ),
            *(
                "speedy",
                "fluffy",
                "Determ",
                "Termly",
                "Hello World",
                r"mail\.ru",
                r"Optimizer\)",
                "Automaton|Newsify Feed Fetcher",
            ),
            *(r"Fetch\/", r"WSM\/", r"Verity\/", r"s4a\/", r"IDG\/EU", r"Grover\/", r"Golfe\/", "Nitro-", "Watchful"),
        ),
        _COMMON,
    ),
}
"""Patterns of the package that are not taken, with the reason. General words still find most of these crawlers."""
LOWERED: Mapping[str, str] = {
    "okhttp": "the library of most Android apps, which people use",
    "AppEngine-Google": "people reach sites through proxies that they run there",
    "Hotjar": "people's browsers have it where a site records their visits",
    "Google-Read-Aloud": "a person has the page read out",
    "FreshRSS": "a person's own feed reader",
    "Miniflux\\/": "a person's own feed reader",
    "NextCloud": "a person's own server",
    "YLT Chrome": "a browser with one more word",
}
"""Patterns of the package that are worth `LOWERED_WEIGHT`, with the reason."""
LOWERED_WEIGHT = 0.55
"""Alone enough for a review."""


@dataclass(frozen=True, slots=True)
class Crawlers:
    """Crawlers in the order of the package that knows them."""

    version: str
    """The package's."""
    categories: Mapping[str, str]
    """Regular expression to category."""
    instances: Mapping[str, tuple[str, ...]]
    """Regular expression to user agents that it must match."""


@cache
def installed_crawlers() -> Crawlers:
    """Those that the installed package knows."""
    categories: dict[str, str] = {}
    instances: dict[str, tuple[str, ...]] = {}
    for crawler in CRAWLER_USER_AGENTS_DATA:
        tags = [tag for tag in crawler.get("tags", ()) if tag in _TAGS]
        categories[crawler["pattern"]] = _TAGS[tags[0]] if tags else "crawler"
        instances[crawler["pattern"]] = tuple(crawler.get("instances", ()))
    return Crawlers(version(PACKAGE), categories, instances)


def crawler_patterns(crawlers: Crawlers) -> list[dict[str, Any]]:
    """A row of pattern fields for each crawler that is not left out, in their order."""
    rows = []
    seen: dict[str, int] = {}
    for regex, category in crawlers.categories.items():
        if regex in LEFT_OUT:
            continue
        name = re.sub(r"[^a-z0-9]+", "-", regex.lower()).strip("-") or "unnamed"
        seen[name] = seen.get(name, 0) + 1
        suffix = f"-{seen[name]}" if seen[name] > 1 else ""
        rows.append(
            {
                "id": f"user-agents/{name}{suffix}",
                "category": category,
                "reason": f"The user agent names a crawler: {_readable(regex)}.",
                "field": "user_agent",
                "weight": LOWERED_WEIGHT if regex in LOWERED else WEIGHT,
                "group": GROUP,
                "regex": regex,
                "match": crawlers.instances.get(regex, ()),
                "no_match": (),
            }
        )
    return rows


def _readable(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern).strip("^$ ")
