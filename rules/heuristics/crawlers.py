"""Crawlers that say who they are: the patterns of the package crawler-user-agents (MIT), as patterns of ours."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # has no types

PACKAGE = "crawler-user-agents"
WEIGHT = 0.75
"""Alone enough to throttle: it does not hide, and nobody has said that it is welcome."""
_TAGS = {
    "search-engine": "search-engine",
    "http-library": "http-library",
    "scanner": "scanner",
    "browser-automation": "browser-automation",
}


def crawler_patterns() -> tuple[str, list[dict[str, Any]]]:
    """The package's version, and a row of pattern fields for each crawler that it knows, in its own order."""
    rows = []
    seen: dict[str, int] = {}
    for crawler in CRAWLER_USER_AGENTS_DATA:
        name = re.sub(r"[^a-z0-9]+", "-", crawler["pattern"].lower()).strip("-") or "unnamed"
        seen[name] = seen.get(name, 0) + 1
        suffix = f"-{seen[name]}" if seen[name] > 1 else ""
        tags = [tag for tag in crawler.get("tags", ()) if tag in _TAGS]
        rows.append(
            {
                "id": f"user-agents/{name}{suffix}",
                "category": _TAGS[tags[0]] if tags else "crawler",
                "reason": f"The user agent names a crawler: {_readable(crawler['pattern'])}.",
                "field": "user_agent",
                "weight": WEIGHT,
                "regex": crawler["pattern"],
                "match": tuple(crawler.get("instances", ())),
                "no_match": (),
            }
        )
    return version(PACKAGE), rows


def _readable(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern).strip("^$ ")
