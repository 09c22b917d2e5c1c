"""Visits to a site of pages: people's and bots', whose numbers overlap; and visits that a real log recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evaluation.common.data_sets import ELASTIC_LOG

_LINE = re.compile(r'(\S+) \S+ \S+ \[[^]]*\] "(\S+) (\S+) [^"]*" (\d+) (\d+|-) "([^"]*)" "([^"]*)"')
_CRAWLS = re.compile(r"bot|crawl|spider|slurp|feed", re.IGNORECASE)
_SECTIONS = ("news", "shop", "help", "forum", "about")
Visit = tuple[list[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Walker:
    """How one kind of visitor walks: chances at each step, and times between steps."""

    steps: tuple[int, int]
    median_s: float
    spread: float
    repeats: float
    """Chance of asking for the same page at once again."""
    deeper: float
    """Chance of going one level down rather than up or across."""
    refers: float
    """Chance that the referrer is the page before."""
    misses: float
    """Chance of 404."""
    posts: float
    """Chance of a POST."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """People and bots of one set."""

    people: tuple[Walker, ...]
    bots: tuple[Walker, ...]


MIXED = Navigation(
    people=(
        Walker((3, 40), 6.0, 1.3, 0.15, 0.40, 0.75, 0.03, 0.03),
        Walker((2, 12), 12.0, 1.0, 0.10, 0.50, 0.60, 0.02, 0.06),
    ),
    bots=(
        Walker((3, 40), 5.0, 1.0, 0.04, 0.65, 0.55, 0.05, 0.01),
        Walker((4, 30), 7.0, 0.7, 0.32, 0.30, 0.70, 0.03, 0.04),
    ),
)
STEADY = Navigation(
    people=(
        Walker((2, 25), 8.0, 1.1, 0.08, 0.55, 0.80, 0.02, 0.05),
        Walker((10, 60), 3.0, 1.4, 0.05, 0.50, 0.70, 0.04, 0.02),
    ),
    bots=(
        Walker((5, 50), 4.0, 0.5, 0.05, 0.50, 0.80, 0.03, 0.03),
        Walker((2, 20), 9.0, 1.2, 0.08, 0.45, 0.30, 0.08, 0.02),
        Walker((6, 30), 6.0, 0.9, 0.06, 0.60, 0.65, 0.03, 0.15),
    ),
)


def navigation(kind: Navigation, size: int, random: Random) -> list[Visit]:
    """Visits, half of them of bots; each visitor differs a little from its kind."""
    return [
        (_walk(random.choice(kind.bots if bad else kind.people), random), bad)
        for bad in (number % 2 == 1 for number in range(size))
    ]


def _walk(walker: Walker, random: Random) -> list[dict[str, Any]]:
    def near(chance: float) -> float:
        return min(1.0, chance * random.lognormvariate(0.0, 0.4))

    repeats, deeper, refers, misses, posts = map(
        near, (walker.repeats, walker.deeper, walker.refers, walker.misses, walker.posts)
    )
    median_s = walker.median_s * random.lognormvariate(0.0, 0.5)
    page, before = [random.choice(_SECTIONS)], ""
    visit: list[dict[str, Any]] = []
    for number in range(random.randrange(*walker.steps)):
        if number and random.random() >= repeats:
            if random.random() < deeper and len(page) < 5:  # noqa: PLR2004 -- levels of the site
                page = [*page, f"p{random.randrange(30)}"]
            else:
                page = page[:-1] or [random.choice(_SECTIONS)]
        url = "/" + "/".join(page)
        visit.append(
            {
                "type": "page_view",
                "url": url,
                "method": "POST" if random.random() < posts else "GET",
                "status": 404 if random.random() < misses else 200,
                "bytes": round(random.lognormvariate(9.0, 0.8)),
                "after_s": min(600.0, median_s * random.lognormvariate(0.0, walker.spread)) if number else 0.0,
                **({"referrer": f"https://site.example{before}"} if before and random.random() < refers else {}),
            }
        )
        before = url
    return visit


def elastic_visits(data: Path, size: int) -> list[Visit]:
    """Visitors of a real log with three requests or more, half of them named crawlers; names and addresses left out."""
    visits: dict[tuple[str, str], list[dict[str, Any]]] = {}
    text = (data / ELASTIC_LOG).read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        ip, method, url, status, size_text, referrer, agent = found.groups()
        event = {
            "type": "page_view",
            "url": url,
            "method": method,
            "status": int(status),
            "bytes": 0 if size_text == "-" else int(size_text),
            "after_s": 5.0,
        }
        if referrer != "-":
            event["referrer"] = referrer
        visits.setdefault((ip, agent), []).append(event)
    long = [(events[:60], bool(_CRAWLS.search(who[1]))) for who, events in sorted(visits.items()) if len(events) > 2]  # noqa: PLR2004
    Random(4).shuffle(long)
    bad = [visit for visit in long if visit[1]][: size // 2]
    return bad + [visit for visit in long if not visit[1]][: size - len(bad)]
