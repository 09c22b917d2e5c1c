"""Kinds of bots that the demo's traffic doesn't have and no rule matches.

They have user agents of browsers, addresses of households, and search words of shoppers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from streams.demo import clients
from streams.demo.shop import CATEGORIES, ITEMS, category_of, item_path, price, search_words
from streams.demo.visitor import Act, Behaviour, Kind, Visitor, act, think_s


def hoards(random: Random) -> Iterator[Act]:
    """Adds many items to the cart and never buys, which makes them unavailable to others."""
    for number in range(random.randrange(6, 25)):
        item = random.choice(ITEMS)
        yield act(think_s(random, 4.0) if number else 0.0, "page_view", item_path(item), item_id=item, bytes=24_000)
        yield act(think_s(random, 2.0), "add_to_cart", "/cart", method="POST", item_id=item, value=price(item))


def watches(random: Random) -> Iterator[Act]:
    """Opens the pages of a few items again and again, at intervals like a person's."""
    watched = random.sample(ITEMS, random.randrange(2, 5))
    for number in range(random.randrange(8, 30)):
        item = watched[number % len(watched)]
        yield act(think_s(random, 7.0) if number else 0.0, "page_view", item_path(item), item_id=item, bytes=24_000)


def clicks(random: Random) -> Iterator[Act]:
    """Searches and clicks listed items, to raise their rank; never opens the items' pages."""
    for number in range(random.randrange(4, 14)):
        words = search_words(random)
        listing = f"/search?q={words.replace(' ', '+')}"
        yield act(think_s(random, 5.0) if number else 0.0, "search", listing, query=words, bytes=18_000)
        for _ in range(random.randrange(1, 4)):
            item = random.choice(ITEMS)
            yield act(think_s(random, 2.0), "click", f"/c/{category_of(item)}", item_id=item)


def crawls_categories(random: Random) -> Iterator[Act]:
    """Requests category lists page by page, and opens no items."""
    for number in range(random.randrange(6, 30)):
        path = f"/c/{random.choice(CATEGORIES)}?page={number}"
        yield act(think_s(random, 6.0) if number else 0.0, "page_view", path, bytes=30_000)


NEWCOMERS: Mapping[str, Behaviour] = {
    "hoarder": hoards,
    "price watcher": watches,
    "click farm": clicks,
    "list crawler": crawls_categories,
}


def newcomer(random: Random) -> Visitor:
    """A newcomer with a browser's user agent and a household's address. Its kind is scraper, which counts as abuse."""
    return Visitor(
        visitor_id=f"{random.getrandbits(64):016x}",
        kind=Kind.SCRAPER,
        ip=clients.home_address(random),
        user_agent=random.choice(clients.BROWSERS),
    )
