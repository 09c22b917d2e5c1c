from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits.assets import ASSET, EXTENSIONS, AssetPricing, Assets, extension, is_asset_url
from rules.limits.budgets import Budget, load_budgets
from weir.contracts import Event
from weir.contracts.fast import FastEvent, decoder

decode = decoder(Event)
COSTS = {"ping": 0.1, ASSET: 0.1, "search": 2.0, "login": 5.0}
PRICING = AssetPricing(Assets(), [COSTS])


def event(url: str | None = "/a.png", kind: str = "page_view", **fields: object) -> FastEvent:
    made: dict[str, Any] = {"event_id": "e", "visitor_id": "v", "type": kind, "ts": 1.0, "url": url, **fields}
    return decode(msgspec.json.encode(made))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/img/a.PNG", "png"),
        ("https://shop.example/img/a.webp?w=90#top", "webp"),
        ("/a.min.js", "js"),
        ("/lamps", ""),
        ("/lamps.png/7", ""),
        ("/search?q=a.png", ""),
        ("/lamps#a.png", ""),
        ("/lamps#a?b.png", ""),
        ("https://shop.example/", ""),
        ("/v1.2/lamps", ""),
        ("/a.", ""),
        ("", ""),
        ("/site.webmanifest", "webmanifest"),
        ("/a.webmanifests", ""),
    ],
)
def test_the_extension_is_what_follows_the_last_dot_of_the_path(url: str, expected: str) -> None:
    assert extension(url) == expected


def test_every_shipped_extension_is_found() -> None:
    assert all(is_asset_url(f"/a.{one}?v=1") for one in EXTENSIONS)
    assert not is_asset_url("/a.html")


@pytest.mark.parametrize("kind", ["page_view", "request", "click"])
@pytest.mark.parametrize("fields", [{}, {"method": "GET", "status": 200}, {"method": "HEAD"}, {"status": 304}])
def test_an_event_whose_url_is_an_asset_is_charged_as_one(kind: str, fields: dict[str, Any]) -> None:
    assert PRICING.is_asset(event(kind=kind, **fields))


def test_an_event_whose_type_is_an_assets_is_charged_as_one_without_a_url() -> None:
    assert PRICING.is_asset(event(None, "tile"))
    assert PRICING.is_asset(event(None, "asset"))
    assert not PRICING.is_asset(event(None))


@pytest.mark.parametrize("fields", [{"status": 404}, {"status": 400}, {"status": 500}, {"method": "POST"}])
@pytest.mark.parametrize("kind", ["page_view", "tile"])
def test_what_failed_or_was_no_reading_is_not_charged_as_an_asset(kind: str, fields: dict[str, Any]) -> None:
    assert not PRICING.is_asset(event(kind=kind, **fields))


def test_nothing_is_charged_as_an_asset_where_no_budget_has_a_cost_for_it() -> None:
    assert not AssetPricing(Assets(), [{"login": 5.0}]).is_asset(event())
    assert not AssetPricing(None, [COSTS]).is_asset(event())


def test_the_cost_of_the_events_own_type_wins() -> None:
    budget = Budget(id="b", kind="visitor", capacity=10.0, refill_per_s=1.0, costs=COSTS)
    assert [budget.cost(kind, is_asset=True) for kind in ("login", "search", "page_view")] == [5.0, 2.0, 0.1]
    assert [budget.cost(kind) for kind in ("login", "search", "page_view")] == [5.0, 2.0, 1.0]


def test_the_shipped_budgets_of_requests_charge_an_asset_a_tenth_of_a_page_and_those_of_logins_nothing() -> None:
    budgets = load_budgets().by_id
    for kind in ("visitor", "address", "account"):
        requests, logins = budgets[f"{kind}-requests"], budgets[f"{kind}-logins"]
        assert requests.cost("page_view", is_asset=True) == 0.1 * requests.cost("page_view")
        assert logins.cost("page_view", is_asset=True) == 0.0


kinds = st.sampled_from(["page_view", "request", "click", "login", "search", "ping", "purchase", "own"])


@given(st.dictionaries(kinds, st.floats(0, 9)), st.floats(0, 9), st.none() | st.floats(0, 1), kinds)
def test_an_asset_never_costs_more_than_the_same_event_as_a_page(
    costs: dict[str, float], default: float, part: float | None, kind: str
) -> None:
    """`weir limits check` refuses a cost of assets above that of others."""
    named = costs if part is None else costs | {ASSET: part * default}
    budget = Budget(id="b", kind="visitor", capacity=9.0, refill_per_s=1.0, costs=named, default_cost=default)
    assert budget.cost(kind, is_asset=True) <= budget.cost(kind)
