"""Crawlers that say who they are: the patterns of the package crawler-user-agents (MIT), as patterns of ours."""

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
"""Alone enough to throttle: it does not hide, and nobody has said that it is welcome."""
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
    """A row of pattern fields for each crawler, in their order."""
    rows = []
    seen: dict[str, int] = {}
    for regex, category in crawlers.categories.items():
        name = re.sub(r"[^a-z0-9]+", "-", regex.lower()).strip("-") or "unnamed"
        seen[name] = seen.get(name, 0) + 1
        suffix = f"-{seen[name]}" if seen[name] > 1 else ""
        rows.append(
            {
                "id": f"user-agents/{name}{suffix}",
                "category": category,
                "reason": f"The user agent names a crawler: {_readable(regex)}.",
                "field": "user_agent",
                "weight": WEIGHT,
                "group": GROUP,
                "regex": regex,
                "match": crawlers.instances.get(regex, ()),
                "no_match": (),
            }
        )
    return rows


def _readable(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern).strip("^$ ")
