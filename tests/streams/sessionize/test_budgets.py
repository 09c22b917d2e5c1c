from __future__ import annotations

import json

import msgspec
import pytest

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


def test_the_time_of_budgets_and_patterns_is_counted() -> None:
    one = driver(BURST)
    for at in range(TIMED_EVERY):
        one.send("ann", float(at))
    assert one.counts("cascade_seconds").keys() == {("rate_limit",), ("heuristics",)}
    assert all(seconds > 0 for seconds in one.counts("cascade_seconds").values())
