from __future__ import annotations

import msgspec

from rules.limits.addresses import AddressVerdicts
from rules.limits.budgets import Budget
from streams.sessionize.accounts import TIMED_EVERY
from streams.sessionize.config import FoldConfig
from tests.streams.sessionize.driving import DAY_1, Driver, limits, new_task, of, sessions, state_of
from weir.contracts import Limit
from weir.contracts.rules_record import AddressSums
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


def test_what_addresses_spend_is_summed_for_other_partitions_by_budget() -> None:
    requests = Budget(id="requests", kind="address", capacity=10.0, refill_per_s=1.0)
    logins = msgspec.structs.replace(LOGINS, id="logins", kind="address")
    one = Driver(new_task(FoldConfig(address_budgets=(requests, logins))))
    for number in range(9):
        one.send(f"v{number}", 0.0, ip="192.0.2.1", type="login" if number < 2 else "page_view")
    one.send("v1", 60.0, ip="192.0.2.1", type="login")
    told = {output.key: AddressSums.model_validate_json(output.value or b"") for output in of(RULES, one.outputs)}
    assert {key: sums.costs for key, sums in told.items()} == {
        b"sums/0/requests": {"192.0.2.1": 9.0},
        b"sums/0/logins": {"192.0.2.1": 2.0},
    }
    verdicts = AddressVerdicts((requests, logins))
    for sums in told.values():
        verdicts.offer(sums)
    assert [verdict.limit for verdict in verdicts.held()] == ["logins"]


def test_the_time_of_budgets_and_patterns_is_counted() -> None:
    one = driver(BURST)
    for at in range(TIMED_EVERY):
        one.send("ann", float(at))
    assert one.counts("cascade_seconds").keys() == {("rate_limit",), ("heuristics",)}
    assert all(seconds > 0 for seconds in one.counts("cascade_seconds").values())
