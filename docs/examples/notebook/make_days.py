"""Writes twelve made-up days of a small shop, with robots among its visitors. Seeded, so repeatable.

`python make_days.py FILE`; `weir replay FILE --table FOLDER` makes the notebook's tables of it.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

START_S = 1_772_355_600
"""2026-03-01, 09:00 UTC."""
DAY_S = 86_400
DAYS = 12
SHOPPERS, SCRAPERS, SCANNERS = 20, 3, 2
"""New visitors of each day."""
LISTING_SHARE = 0.3
"""Of a shopper's pages: lists of products, whose addresses look to the measures as a scanner's do."""
CART_SHARE, PURCHASE_SHARE = 0.4, 0.5
"""Of the shoppers, and of those with something in the cart."""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
PROBES = ("1' OR '1'='1' --", "1 UNION SELECT password FROM users", "../../etc/passwd")
Event = dict[str, object]


def days(seed: int) -> list[Event]:
    """All events in the order of time. One shopper in four comes again two days later."""
    rng = random.Random(seed)  # noqa: S311 -- example data, no secret
    events: list[Event] = []
    for day in range(DAYS):
        for number in range(SHOPPERS):
            visitor = f"shopper-{day}-{number}"
            events += shopper(rng, visitor, day)
            if number % 4 == 0 and day + 2 < DAYS:
                events += shopper(rng, visitor, day + 2)
        for number in range(SCRAPERS):
            start = START_S + day * DAY_S + rng.uniform(0, 36_000)
            urls = [f"/products/item-{page}" for page in range(rng.randint(20, 60))]
            events += robot(f"scraper-{day}-{number}", start, urls, "python-requests/2.32")
        for number in range(SCANNERS):
            start = START_S + day * DAY_S + rng.uniform(0, 36_000)
            urls = [f"/products/item-{rng.randint(1, 40)}" for _ in range(rng.randint(2, 10))]
            urls += [f"/products?id={probe}" for probe in rng.sample(PROBES, 2)]
            events += robot(f"scanner-{day}-{number}", start, urls, BROWSER, rng)
    events.sort(key=lambda event: (float(str(event["ts"])), str(event["visitor_id"])))
    return [{"event_id": f"e{number}", **event} for number, event in enumerate(events)]


def shopper(rng: random.Random, visitor: str, day: int) -> Iterator[Event]:
    """One visit of a person, who may buy."""
    at_s = START_S + day * DAY_S + rng.uniform(0, 36_000)
    item = "item-1"
    for _ in range(rng.randint(2, 15)):
        item = f"item-{rng.randint(1, 40)}"
        if rng.random() < LISTING_SHARE:
            yield event(visitor, at_s, "page_view", f"/products?page={rng.randint(1, 9)}")
        else:
            yield event(visitor, at_s, "page_view", f"/products/{item}", item_id=item)
        at_s += rng.lognormvariate(3, 0.8)
    if rng.random() < CART_SHARE:
        yield event(visitor, at_s, "add_to_cart", "/cart", item_id=item)
        if rng.random() < PURCHASE_SHARE:
            yield event(visitor, at_s + 60, "purchase", "/checkout", item_id=item, value=19.9, currency="EUR")


def robot(visitor: str, at_s: float, urls: list[str], agent: str, pace: random.Random | None = None) -> Iterator[Event]:
    """One visit of a robot, every two seconds a page, or with a person's pauses."""
    for url in urls:
        yield event(visitor, at_s, "page_view", url, agent, ip="203.0.113.9")
        at_s += pace.lognormvariate(3, 0.8) if pace else 2.0


def event(visitor: str, at_s: float, kind: str, url: str, agent: str = BROWSER, **more: object) -> Event:
    """One event without its id."""
    return {"visitor_id": visitor, "type": kind, "ts": round(at_s, 3), "url": url, "user_agent": agent, **more}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(json.dumps(one) + "\n" for one in days(seed=1)))
