from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rules.limits.assets import Assets
from rules.limits.budgets import Budget
from rules.limits.distinct import DistinctLimit
from rules.limits.verdicts import SharedVerdicts
from rules.limits.window import AHEAD
from streams.sessionize.accounts import TIMED_EVERY
from streams.sessionize.config import FoldConfig
from streams.sessionize.subjects import SEED_EVENTS
from streams.sessionize.task import SessionizeTask
from tests.streams.sessionize.driving import (
    DAY_1,
    Driver,
    Words,
    library_of,
    limits,
    new_task,
    of,
    recover,
    sessions,
    state_of,
)
from weir.contracts import Limit
from weir.contracts.rules_record import AddressSums, DistinctSums
from weir.networks import AddressRules, Network
from weir.topics import LIMITS, RULES

BURST = Budget(id="burst", kind="visitor", capacity=3.0, refill_per_s=0.5, costs={"search": 2.0})
LOGINS = Budget(id="logins", kind="visitor", capacity=1.0, refill_per_s=0.01, default_cost=0.0, costs={"login": 1.0})


def driver(*budgets: Budget) -> Driver:
    return Driver(new_task(FoldConfig(visitor_budgets=budgets)))


def test_events_over_the_visitors_budget_are_counted_in_the_session() -> None:
    one = driver(BURST)
    for _ in range(5):
        one.send("ann", 0.0)
    one.mark(100_000.0)
    assert one.finals()[0]["rate_limited"] == 2


def test_a_session_names_the_limits_that_its_events_were_over_through_merges() -> None:
    one = driver(BURST, LOGINS)
    for _ in range(4):
        one.send("ann", 0.0)
    for _ in range(2):
        one.send("ann", 0.0, type="login")
    assert one.all_sessions()[-1]["limits_over"] == {"burst": 1}
    for _ in range(5):
        one.send("ann", 2_000.0)
    # An event between the two merges them.
    one.send("ann", 1_000.0)
    one.mark(100_000.0)
    (final,) = [record for record in one.finals() if record["merged_into"] is None]
    assert final["limits_over"] == {"burst": 6, "logins": 1}


def test_a_limit_record_says_why_there_is_such_a_limit() -> None:
    one = driver(msgspec.structs.replace(BURST, reason="More than a person does."))
    for _ in range(4):
        one.send("ann", 0.0)
    (crossed,) = of(LIMITS, one.outputs)
    assert json.loads(crossed.value or b"")["reason"] == "More than a person does."


def test_the_first_event_over_budget_is_published_and_further_ones_are_not() -> None:
    one = driver(BURST)
    for _ in range(4):
        one.send("ann", 0.0)
    assert [record["rate_limited"] for record in one.all_sessions()] == [0, 0, 1]
    assert not one.send("ann", 0.0)


def test_a_limit_is_published_when_it_is_crossed_and_again_only_after_it_recovered() -> None:
    one = driver(BURST)
    for _ in range(6):
        one.send("ann", 0.0)
    (crossed,) = of(LIMITS, one.outputs)
    assert crossed.key == b"visitor:ann:burst"
    assert crossed.value is not None
    limit = Limit.model_validate_json(crossed.value)
    assert (limit.subject, limit.kind, limit.limit, limit.window_s) == ("ann", "visitor", "burst", 6.0)
    assert limit.until == DAY_1 + limit.retry_after_s > DAY_1
    for _ in range(6):
        one.send("ann", 60.0)
    assert len(limits(one.outputs)) == 2
    assert one.counts("limits_crossed") == {("visitor", "burst"): 2}


def test_the_limit_comes_before_the_session_that_shows_it() -> None:
    one = driver(BURST)
    for _ in range(3):
        one.send("ann", 0.0)
    first, second = one.send("ann", 0.0)
    assert first.topic is LIMITS
    assert sessions([second])[0]["rate_limited"] == 1


def test_budgets_are_spent_by_what_an_event_costs() -> None:
    one = driver(BURST)
    one.send("ann", 0.0, type="search")
    one.send("ann", 0.0, type="search")
    assert len(limits(one.outputs)) == 1


def test_an_event_that_is_free_is_not_over() -> None:
    one = driver(LOGINS)
    one.send("ann", 0.0, type="login")
    one.send("ann", 0.0, type="login")
    one.send("ann", 0.0)
    one.mark(100_000.0)
    assert one.finals()[0]["rate_limited"] == 1


def test_duplicates_and_late_events_spend_nothing() -> None:
    one = driver(BURST)
    for _ in range(9):
        one.send("ann", 0.0, event_id="same")
    one.send("bob", 50_000.0)
    for _ in range(9):
        one.send("ann", 0.0)
    assert not limits(one.outputs)


def test_buckets_live_until_the_visitors_last_session_closes() -> None:
    one = driver(msgspec.structs.replace(BURST, refill_per_s=1e-6))
    for ts in (0.0, 0.0, 1_801.0):
        one.send("ann", ts)
    assert one.task.fold.accounts.open == 2
    assert not limits(one.outputs)
    one.send("ann", 1_801.0)
    assert len(limits(one.outputs)) == 1
    one.send("ann", 50_000.0)
    one.send("ann", 50_000.0)
    assert one.finals()[-1]["rate_limited"] == 1
    assert len(limits(one.outputs)) == 1


def test_buckets_of_budgets_that_are_gone_go_at_the_next_touch() -> None:
    one = driver(BURST, LOGINS)
    one.send("ann", 0.0, type="login")
    fold = one.task.fold
    fold.configure(msgspec.structs.replace(fold.config, visitor_budgets=(BURST,)), fold.patterns)
    one.send("ann", 1.0)
    visitor = fold.visitors.get("ann")
    assert visitor is not None
    assert list(visitor.buckets) == ["burst"]
    assert state_of(one.task)


REQUESTS = Budget(id="requests", kind="address", capacity=10.0, refill_per_s=1.0)
PLACES = DistinctLimit(id="places", kind="account", of="addresses", at_most=2)


def told(one: Driver) -> dict[bytes, AddressSums]:
    sums = [output for output in of(RULES, one.outputs) if (output.key or b"").startswith(b"sums/")]
    return {output.key or b"": AddressSums.model_validate_json(output.value or b"") for output in sums}


def end_the_window(one: Driver, ts: float = 60.0) -> None:
    for number in range(AHEAD):
        one.send(f"next-{number}", ts)


def test_what_addresses_spend_is_summed_for_other_partitions_by_budget() -> None:
    logins = msgspec.structs.replace(LOGINS, kind="address")
    accounts = msgspec.structs.replace(LOGINS, id="accounts", kind="account")
    one = Driver(new_task(FoldConfig(address_budgets=(REQUESTS, logins), account_budgets=(accounts,))))
    for number in range(9):
        kind, account = ("login", "ann") if number < 2 else ("page_view", None)
        one.send(f"v{number}", 0.0, ip="192.0.2.1", type=kind, account_id=account)
    end_the_window(one)
    assert {key: sums.costs for key, sums in told(one).items()} == {
        b"sums/0/requests": {"192.0.2.1": 9.0},
        b"sums/0/logins": {"192.0.2.1": 2.0},
        b"sums/0/accounts": {"ann": 2.0},
    }
    verdicts = SharedVerdicts((REQUESTS, logins, accounts))
    for sums in told(one).values():
        verdicts.offer(sums)
    assert [(verdict.kind, verdict.limit) for verdict in verdicts.held()] == [
        ("address", "logins"),
        ("account", "accounts"),
    ]


def test_a_known_visitor_hardly_costs_its_address_anything() -> None:
    rules = AddressRules(known_after=3, known_price=0.1)
    one = Driver(new_task(FoldConfig(address_budgets=(REQUESTS,), address_rules=rules)))
    for _ in range(12):
        one.send("ann", 0.0, ip="192.0.2.1")
    end_the_window(one)
    assert told(one)[b"sums/0/requests"].costs == {"192.0.2.1": pytest.approx(2 + 10 * 0.1)}


def test_what_is_over_a_visitors_own_budget_costs_its_office_nothing() -> None:
    one = Driver(new_task(FoldConfig(visitor_budgets=(BURST,), address_budgets=(REQUESTS,))))
    for _ in range(9):
        one.send("ann", 0.0, ip="192.0.2.1")
    end_the_window(one)
    assert told(one)[b"sums/0/requests"].costs == {"192.0.2.1": 3.0}


def test_trusted_networks_and_verified_crawlers_have_no_budgets() -> None:
    networks = (
        Network(id="monitor", treat="trusted", ranges=("192.0.2.1",)),
        Network(id="bot", treat="crawler", ranges=("192.0.2.2",), user_agent="ExampleBot"),
    )
    config = FoldConfig(visitor_budgets=(BURST,), address_budgets=(REQUESTS,), networks=networks)
    one = Driver(new_task(config))
    for _ in range(9):
        one.send("monitor", 0.0, ip="192.0.2.1")
        one.send("bot", 0.0, ip="192.0.2.2", user_agent="ExampleBot/1.0")
        one.send("impostor", 0.0, ip="192.0.2.3", user_agent="ExampleBot/1.0")
    end_the_window(one)
    assert {limit["subject"] for limit in limits(one.outputs)} == {"impostor"}
    assert set(told(one)[b"sums/0/requests"].costs) == {"192.0.2.3"}


def test_addresses_of_an_account_are_counted_over_visitors() -> None:
    one = Driver(new_task(FoldConfig(distinct_limits=(PLACES,))))
    for number in range(5):
        one.send(f"v{number}", 0.0, ip=f"192.0.2.{number}", account_id="ann")
        one.send(f"v{number}", 0.0, ip="192.0.2.0", account_id="ben")
    end_the_window(one)
    verdicts = SharedVerdicts((), (PLACES,))
    for output in of(RULES, one.outputs):
        verdicts.offer_sets(DistinctSums.model_validate_json(output.value or b""))
    assert [(verdict.subject, verdict.observed) for verdict in verdicts.held()] == [("ann", 5.0)]


def test_items_of_a_visitor_are_counted_with_those_from_before_it_was_noticed() -> None:
    items = DistinctLimit(id="items", kind="visitor", of="items", at_most=SEED_EVENTS + 5)
    one = Driver(new_task(FoldConfig(distinct_limits=(items,))))
    for number in range(SEED_EVENTS + 10):
        one.send("scraper", 0.0, item_id=f"item-{number}")
        one.send("fan", 0.0, item_id="one and the same")
    end_the_window(one)
    verdicts = SharedVerdicts((), (items,))
    for output in of(RULES, one.outputs):
        verdicts.offer_sets(DistinctSums.model_validate_json(output.value or b""))
    assert [(verdict.subject, verdict.observed) for verdict in verdicts.held()] == [("scraper", SEED_EVENTS + 10.0)]


def test_sums_are_part_of_the_state_and_go_on_after_a_recovery() -> None:
    config = FoldConfig(address_budgets=(REQUESTS,), distinct_limits=(PLACES,))
    one = Driver(new_task(config))
    for number in range(9):
        one.send(f"v{number}", 0.0, ip="192.0.2.1", account_id="ann")
    again = recover(SessionizeTask(0, 1, config, library_of(Words())), state_of(one.task))
    again.recovered()
    two = Driver(again, one.offset)
    for driven in (one, two):
        driven.outputs.clear()
        end_the_window(driven)
    assert [output.value for output in one.outputs] == [output.value for output in two.outputs]
    assert told(two)[b"sums/0/requests"].costs == {"192.0.2.1": 9.0}
    assert state_of(one.task) == state_of(two.task)


PRICED = Budget(id="priced", kind="visitor", capacity=3.0, refill_per_s=1e-6, costs={"asset": 0.1, "login": 1.0})
TILE: dict[str, Any] = {"url": "https://shop.example/tiles/3.png?v=1", "method": "GET", "status": 200}


def over_after(events: int, config: FoldConfig, **fields: Any) -> bool:  # noqa: ANN401 -- of an event
    one = Driver(new_task(config))
    for _ in range(events):
        one.send("ann", 0.0, **fields)
    return bool(limits(one.outputs))


@pytest.mark.parametrize(
    "fields", [TILE, TILE | {"status": 304}, {"url": "/a.js"}, {"type": "tile"}, {"type": "asset"}, {"type": "image"}]
)
def test_assets_cost_a_visitor_a_tenth_and_are_bounded(fields: dict[str, Any]) -> None:
    config = FoldConfig(visitor_budgets=(PRICED,), assets=Assets())
    assert not over_after(29, config, **fields)
    assert over_after(31, config, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        TILE | {"status": 404},
        TILE | {"method": "POST"},
        TILE | {"type": "login"},
        {"type": "asset", "status": 404},
        {"url": "/page?next=a.png"},
    ],
)
def test_missing_files_and_types_with_a_cost_of_their_own_are_paid_in_full(fields: dict[str, Any]) -> None:
    assert over_after(4, FoldConfig(visitor_budgets=(PRICED,), assets=Assets()), **fields)


def test_budgets_without_a_cost_of_assets_charge_them_like_pages() -> None:
    assert over_after(4, FoldConfig(visitor_budgets=(BURST,), assets=Assets()), **TILE)


def test_a_state_of_before_assets_had_a_cost_goes_on_as_it_began() -> None:
    assert over_after(4, FoldConfig(visitor_budgets=(PRICED,)), **TILE)
    assert not over_after(29, FoldConfig(visitor_budgets=(PRICED,)), type="asset", status=404)


def test_assets_cost_addresses_and_accounts_a_tenth() -> None:
    requests = msgspec.structs.replace(REQUESTS, costs={"asset": 0.1})
    accounts = msgspec.structs.replace(requests, id="accounts", kind="account")
    one = Driver(new_task(FoldConfig(address_budgets=(requests,), account_budgets=(accounts,), assets=Assets())))
    for number in range(40):
        one.send(f"v{number}", 0.0, ip="192.0.2.1", account_id="ann", **TILE)
        one.send(f"v{number}", 0.0, ip="192.0.2.2", account_id="ben", **TILE | {"status": 404})
    end_the_window(one)
    assert {key: sums.costs for key, sums in told(one).items()} == {
        b"sums/0/requests": {"192.0.2.1": pytest.approx(4.0), "192.0.2.2": pytest.approx(40.0)},
        b"sums/0/accounts": {"ann": pytest.approx(4.0), "ben": pytest.approx(40.0)},
    }


@pytest.mark.parametrize(("budget", "kind"), [(BURST, "page_view"), (LOGINS, "login")])
def test_many_people_who_look_alike_in_a_shared_network_are_not_held_to_one_persons_budgets(
    budget: Budget, kind: str
) -> None:
    office = Network(id="office", treat="shared", ranges=("192.0.2.0/24",), price=0.05, visitor_price=0.05)
    still = msgspec.structs.replace(budget, refill_per_s=1e-6)
    config = FoldConfig(visitor_budgets=(still,), networks=(office,))
    most = round(20 * still.capacity)
    assert not over_after(most - 1, config, ip="192.0.2.7", type=kind)
    assert over_after(most + 1, config, ip="192.0.2.7", type=kind)
    assert over_after(round(still.capacity) + 1, config, ip="198.51.100.7", type=kind)


def test_visitors_of_a_shared_network_may_have_their_whole_price_or_none() -> None:
    office = Network(id="office", treat="shared", ranges=("192.0.2.0/24",), price=0.05)
    for price, is_over in ((1.0, True), (0.0, False)):
        priced = msgspec.structs.replace(office, visitor_price=price)
        config = FoldConfig(visitor_budgets=(BURST,), networks=(priced,))
        assert over_after(4, config, ip="192.0.2.7") is is_over


def test_an_event_that_costs_its_visitor_nothing_is_not_over_a_limit_that_was_crossed_elsewhere() -> None:
    free = Network(id="office", treat="shared", ranges=("192.0.2.0/24",), visitor_price=0.0)
    one = Driver(new_task(FoldConfig(visitor_budgets=(BURST,), networks=(free,))))
    for address in ["198.51.100.7"] * 4 + ["192.0.2.7"] * 4:
        one.send("ann", 0.0, ip=address)
    one.mark(100_000.0)
    assert one.finals()[0]["rate_limited"] == 1


def test_assets_and_prices_are_part_of_the_state_and_fold_on_after_a_recovery() -> None:
    office = Network(id="office", treat="shared", ranges=("192.0.2.0/24",), price=0.05, visitor_price=0.5)
    config = FoldConfig(
        visitor_budgets=(PRICED,), address_budgets=(REQUESTS,), networks=(office,), assets=Assets(("tile",), ("png",))
    )
    one = Driver(new_task(config))
    for _ in range(20):
        one.send("ann", 0.0, ip="192.0.2.1", **TILE)
    # The tail of the input is folded again by the state's own config, whatever the worker's is now.
    again = recover(SessionizeTask(0, 1, FoldConfig(), library_of(Words())), state_of(one.task))
    two = Driver(again, one.offset)
    for driven in (one, two):
        driven.outputs.clear()
        for kind in ("tile", "page_view", "login"):
            for _ in range(9):
                driven.send("ann", 1.0, ip="192.0.2.1", type=kind)
        end_the_window(driven)
    assert limits(one.outputs)
    assert [output.value for output in one.outputs] == [output.value for output in two.outputs]


def test_the_time_of_budgets_and_patterns_is_counted() -> None:
    one = driver(BURST)
    for at in range(TIMED_EVERY):
        one.send("ann", float(at))
    assert one.counts("cascade_seconds").keys() == {("rate_limit",), ("heuristics",)}
    assert all(seconds > 0 for seconds in one.counts("cascade_seconds").values())
