from __future__ import annotations

from statistics import pstdev
from typing import Any

import pytest

from streams.sessionize import caps
from streams.sessionize.config import FoldConfig
from tests.streams.sessionize.driving import DAY_1, Driver, Words, new_task


def session(*events: dict[str, Any], words: tuple[str, ...] = ()) -> dict[str, Any]:
    """The final of a session of these events, a second apart unless they say otherwise."""
    driver = Driver(new_task(FoldConfig(), Words(words)))
    for second, event in enumerate(events):
        driver.send("ann", **({"ts": float(second)} | event))
    driver.mark(100_000.0)
    (final,) = driver.finals()
    return final


def test_counts_and_funnel() -> None:
    kinds = ["page_view"] * 4 + ["click"] * 2 + ["search", "add_to_cart", "add_to_cart", "purchase", "wink"]
    final = session(*({"type": kind} for kind in kinds))
    assert final["counts"] == {
        "add_to_cart": 2,
        "click": 2,
        "page_view": 4,
        "purchase": 1,
        "search": 1,
        "wink": 1,
    }
    funnel = ("page_views", "clicks", "searches", "carts", "purchases", "click_through", "cart_rate", "conversion")
    assert [final[name] for name in funnel] == [4, 2, 1, 2, 1, 0.5, 0.5, 0.5]


def test_gaps_are_between_neighbours_in_time() -> None:
    times = [0.0, 5.0, 4.0, 10.0]
    final = session(*({"ts": ts} for ts in times))
    gaps = [4.0, 1.0, 5.0]
    assert final["gaps"] == {
        "mean": pytest.approx(10 / 3, abs=1e-6),
        "minimum": 1.0,
        "maximum": 5.0,
        "standard_deviation": pytest.approx(pstdev(gaps), abs=1e-6),
    }
    assert (final["start"], final["end"], final["duration_s"]) == (DAY_1, DAY_1 + 10.0, 10.0)


def test_one_event_has_no_gaps() -> None:
    assert session({})["gaps"] is None


def test_urls() -> None:
    final = session(
        {"url": "/a"}, {"url": "/b"}, {"url": "/a"}, {}, {"url": "/c", "ts": -5.0}, {"url": "/d", "ts": 1.5}
    )
    assert (final["distinct_urls"], final["repeats"]) == (4, 1)
    assert (final["entry_url"], final["exit_url"]) == ("/c", "/a")


def test_distinct_urls_are_a_lower_bound_past_the_cap() -> None:
    final = session(*({"url": f"/{n}"} for n in range(300)), {"url": "/0"})
    assert (final["distinct_urls"], final["repeats"]) == (caps.URLS, 1)


def test_http() -> None:
    final = session(
        {"method": "GET", "status": 200, "bytes": 10},
        {"method": "POST", "status": 404, "bytes": 5},
        {"status": 404},
        {"status": 0},
    )
    assert final["statuses"] == {"0xx": 1, "2xx": 1, "4xx": 2}
    assert final["methods"] == {"GET": 1, "POST": 1}
    assert final["bytes"] == 15


def test_sums_of_bytes_stay_numbers_that_every_reader_takes() -> None:
    assert session({"bytes": 2**53}, {"bytes": 2**53})["bytes"] == 2**53


def test_revenue_by_currency_comes_from_purchases_alone() -> None:
    final = session(
        {"type": "purchase", "value": 0.1, "currency": "EUR"},
        {"type": "purchase", "value": 0.2, "currency": "EUR"},
        {"type": "purchase", "value": 7.0},
        {"type": "add_to_cart", "value": 100.0, "currency": "EUR"},
    )
    assert final["revenue"] == {"EUR": 0.3, "unknown": 7.0}


def test_items_are_in_the_order_of_time_and_capped_to_the_first() -> None:
    final = session({"item_id": "b", "type": "click"}, {"item_id": "a", "ts": -1.0}, {"item_id": "c"})
    assert [item["item_id"] for item in final["items"]] == ["a", "b", "c"]
    assert final["items"][1] == {"item_id": "b", "type": "click", "ts": DAY_1}
    many = session(*({"item_id": f"i{n}"} for n in range(120)), {"item_id": "first", "ts": -1.0})
    assert [item["item_id"] for item in many["items"]] == ["first", *(f"i{n}" for n in range(99))]
    assert many["items_dropped"] == 21


def test_texts_are_the_newest_and_cut() -> None:
    final = session({"title": "t", "text": "x" * 600, "query": "q"}, {"title": ""})
    assert final["texts"] == [
        {"field": "title", "text": "t"},
        {"field": "text", "text": "x" * 500},
        {"field": "query", "text": "q"},
    ]
    many = session(*({"query": f"q{n}"} for n in range(30)))
    assert [text["text"] for text in many["texts"]] == [f"q{n}" for n in range(10, 30)]


def test_firsts() -> None:
    final = session(
        {},
        {"referrer": "r1", "user_agent": "u1", "ip": "1"},
        {"referrer": "r2", "user_agent": "u2", "ip": "2", "ts": -3.0},
    )
    assert (final["referrer"], final["user_agent"], final["ip"]) == ("r1", "u1", "1")


def test_accounts_are_capped() -> None:
    final = session(*({"account_id": f"a{n % 12}"} for n in range(30)))
    assert final["account_ids"] == [f"a{n}" for n in range(10)]


def test_types_past_the_cap_are_counted_together_and_known_ones_never() -> None:
    final = session(*({"type": f"own{n}"} for n in range(40)), {"type": "purchase"}, {"type": "own39"})
    assert len(final["counts"]) == caps.TYPES + 2
    assert final["counts"]["other"] == 9
    assert final["counts"]["purchase"] == 1


def test_methods_and_currencies_past_their_caps_are_counted_together() -> None:
    final = session(*({"method": f"M{n}", "type": "purchase", "value": 1.0, "currency": f"C{n}"} for n in range(20)))
    assert final["methods"]["other"] == 4
    assert final["revenue"]["other"] == 12.0


def test_patterns_past_the_cap_are_not_noted() -> None:
    words = tuple(f"w{n:03}" for n in range(250))
    final = session({"url": "/" + "".join(words)}, words=words)
    assert len(final["heuristics"]) == caps.PATTERNS
