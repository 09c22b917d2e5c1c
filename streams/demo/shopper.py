"""Benign behaviour: visitors who search, browse, and sometimes buy."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from streams.demo.shop import CATEGORIES, CURRENCY, ITEMS, SITE, category_of, item_path, price, review, search_words
from streams.demo.visitor import Act, act, chance, think_s

MEAN_EVENTS = 10.0

_REFERRERS = (
    ("https://www.google.com/", 0.42),
    (None, 0.28),
    ("https://duckduckgo.com/", 0.08),
    ("https://www.instagram.com/", 0.08),
    (f"{SITE}/newsletter", 0.09),
    ("https://www.bing.com/", 0.05),
)


def acts(random: Random) -> Iterator[Act]:
    """Opens a page, then browses and searches a few times; may fill a cart, buy, and write a review."""
    # One factor for the whole visit, as some people are twice as fast as others.
    hurry = random.lognormvariate(0.0, 0.35)
    referrer = random.choices([name for name, _ in _REFERRERS], [share for _, share in _REFERRERS])[0]
    for number, step in enumerate(_visit(random)):
        more = {"referrer": referrer, "bytes": random.randrange(4_000, 60_000)}
        yield Act(step.after_s / hurry if number else 0.0, step.fields | more)
        referrer = SITE + str(step.fields["url"])


def _visit(random: Random) -> Iterator[Act]:
    landing = random.choice(("/", f"/c/{random.choice(CATEGORIES)}", item_path(random.choice(ITEMS))))
    yield act(0.0, "page_view", landing)
    if chance(random, 0.25):
        yield from _log_in(f"customer-{random.randrange(100_000)}", random)
    cart: list[str] = []
    while chance(random, 0.75):
        yield from _look_around(random, cart)
    if cart and chance(random, 0.5):
        yield from _check_out(random, cart)
    if chance(random, 0.05):
        title, text = review(random)
        path = f"{item_path(random.choice(ITEMS))}/reviews"
        yield act(think_s(random, 40.0), "post", path, method="POST", status=201, title=title, text=text)


def _log_in(account: str, random: Random) -> Iterator[Act]:
    yield act(think_s(random, 4.0), "page_view", "/login")
    while chance(random, 0.12):
        yield act(think_s(random, 7.0), "login", "/login", method="POST", status=401, account_id=account)
    yield act(think_s(random, 7.0), "login", "/login", method="POST", status=302, account_id=account)


def _look_around(random: Random, cart: list[str]) -> Iterator[Act]:
    """A search or a category page, maybe a click on an item and its page, maybe an addition to the cart."""
    item = random.choice(ITEMS)
    if chance(random, 0.4):
        words = search_words(random)
        listing = f"/search?q={words.replace(' ', '+')}"
        yield act(think_s(random, 8.0), "search", listing, query=words)
    else:
        listing = f"/c/{category_of(item)}"
        yield act(think_s(random, 6.0), "page_view", listing)
    if chance(random, 0.25):
        return
    yield act(think_s(random, 5.0), "click", listing, item_id=item)
    found = not chance(random, 0.02)
    yield act(0.3 + random.random(), "page_view", item_path(item), item_id=item, status=200 if found else 404)
    if found and chance(random, 0.25):
        cart.append(item)
        yield act(think_s(random, 15.0), "add_to_cart", "/cart", method="POST", item_id=item, value=price(item))
    elif cart and chance(random, 0.1):
        yield act(think_s(random, 6.0), "remove_from_cart", "/cart", method="POST", item_id=cart.pop())


def _check_out(random: Random, cart: list[str]) -> Iterator[Act]:
    yield act(think_s(random, 10.0), "page_view", "/cart")
    yield act(think_s(random, 30.0), "page_view", "/checkout")
    total = round(sum(map(price, cart)), 2)
    yield act(
        think_s(random, 25.0), "purchase", "/checkout", method="POST", item_id=cart[0], value=total, currency=CURRENCY
    )
