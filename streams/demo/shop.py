"""The demo's shop: its items, pages, search words, and customers' reviews."""

from __future__ import annotations

from random import Random

CATEGORIES = ("kettles", "lamps", "backpacks", "notebooks", "headphones", "running-shoes", "plants", "puzzles")
ITEMS_PER_CATEGORY = 60
ITEMS = tuple(f"{category}-{number:03}" for category in CATEGORIES for number in range(ITEMS_PER_CATEGORY))
CURRENCY = "EUR"
SITE = "https://shop.example"

_SEARCH_FIRST = ("small", "blue", "light", "wireless", "waterproof", "cheap", "wooden", "large", "gift for", "quiet")
_REVIEW_FIRST = (
    "Bought this for my sister and she uses it every day.",
    "Arrived two days early, well packed.",
    "Looks just like in the figures.",
    "The colour is a little darker than I thought, still nice.",
    "Second one I order, the first lasted four years.",
)
_REVIEW_SECOND = (
    "Would buy again.",
    "The handle could be longer.",
    "My only complaint is the cable.",
    "Instructions were clear, took ten minutes to set up.",
    "Not sure yet whether it survives the winter.",
)
_REVIEW_TITLES = ("Does what it should", "Very happy", "Good, not great", "Nice surprise", "Okay for the price")


def category_of(item_id: str) -> str:
    """The category whose page lists the item."""
    return item_id.rpartition("-")[0]


def item_path(item_id: str) -> str:
    """The page of an item."""
    return f"/products/{category_of(item_id)}/{item_id}"


def price(item_id: str) -> float:
    """The price of an item, the same for all visitors; between 5 and 154 euros."""
    return 4.99 + (sum(item_id.encode()) * 37) % 150


def search_words(random: Random) -> str:
    """The words of a customer's search."""
    return f"{random.choice(_SEARCH_FIRST)} {random.choice(CATEGORIES).replace('-', ' ')}"


def review(random: Random) -> tuple[str, str]:
    """Title and text of a customer's review."""
    return random.choice(_REVIEW_TITLES), f"{random.choice(_REVIEW_FIRST)} {random.choice(_REVIEW_SECOND)}"
