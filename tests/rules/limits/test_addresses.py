from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits import addresses
from rules.limits.addresses import AddressSums, AddressVerdicts
from rules.limits.budgets import Budget
from weir.contracts.rules_record import AddressSums as Record

PAGES = Budget(id="pages", kind="address", capacity=100.0, refill_per_s=1.0, reason="Too many pages.", version="3")
LOGINS = Budget(id="logins", kind="address", capacity=10.0, refill_per_s=0.1)


def record(cost: float, start: float = 0.0, limit: str = "pages", address: str = "192.0.2.1") -> Record:
    return Record(partition=0, window_start=start, window_s=10.0, limit=limit, costs={address: cost})


def test_a_window_is_told_when_the_first_event_behind_it_comes() -> None:
    sums = AddressSums(2, PAGES)
    told = [sums.add("192.0.2.1", ts, 3.0) for ts in (101.0, 109.9, 105.0, 110.0, 119.0)]
    assert told[:3] == [None] * 3
    assert told[3] == Record(partition=2, window_start=100.0, window_s=10.0, limit="pages", costs={"192.0.2.1": 9.0})
    assert told[4] is None


def test_an_older_event_counts_in_the_window_that_is_open() -> None:
    sums = AddressSums(0, PAGES)
    sums.add("a", 100.0, 2.0)
    assert sums.add("a", 50.0, 2.0) is None
    ended = sums.add("a", 110.0, 2.0)
    assert ended is not None
    assert ended.costs == {"a": 4.0}


def test_only_the_busiest_addresses_over_the_floor_are_named() -> None:
    sums = AddressSums(0, PAGES)
    floor = PAGES.capacity * addresses.FLOOR_SHARE
    for number in range(addresses.NAMED + 10):
        sums.add(f"busy-{number}", 1.0, floor + number)
    sums.add("quiet", 1.0, floor / 2)
    ended = sums.add("next", 11.0, 1.0)
    assert ended is not None
    assert len(ended.costs) == addresses.NAMED
    assert "quiet" not in ended.costs
    assert "busy-9" not in ended.costs


def test_a_window_without_busy_addresses_is_not_told() -> None:
    sums = AddressSums(0, PAGES)
    sums.add("a", 1.0, 0.1)
    assert sums.add("a", 11.0, 0.1) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100), st.floats(0, 50)), max_size=60))
def test_what_is_told_adds_up_to_what_was_spent_but_for_the_floor(spent: list[tuple[str, float, float]]) -> None:
    sums = AddressSums(0, PAGES)
    told = [ended for entry in spent if (ended := sums.add(*entry)) is not None]
    last = sums.add("end", 1e6, 0.0)
    told += [last] if last else []
    windows = 12
    for address in "abc":
        paid = sum(cost for name, _, cost in spent if name == address)
        named = sum(ended.costs.get(address, 0.0) for ended in told)
        assert -1e-6 <= paid - named <= windows * PAGES.capacity * addresses.FLOOR_SHARE


def test_sums_of_several_partitions_cross_a_budget_together() -> None:
    verdicts = AddressVerdicts((PAGES,))
    for _partition in range(3):
        assert verdicts.verdict("192.0.2.1") is None
        verdicts.offer(record(40.0))
    verdict = verdicts.verdict("192.0.2.1")
    assert verdict is not None
    assert (verdict.limit, verdict.version, verdict.reason) == ("pages", "3", "Too many pages.")
    assert verdict.observed > PAGES.capacity
    assert verdicts.verdict("192.0.2.2") is None
    assert verdicts.verdict(None) is None
    assert verdicts.held() == [verdict]


def test_a_verdict_stands_until_the_promised_time_and_is_given_again_if_the_address_goes_on() -> None:
    verdicts = AddressVerdicts((PAGES,))
    given_at = set()
    for window in range(60):
        verdicts.offer(record(40.0, start=10.0 * window))
        verdict = verdicts.verdict("192.0.2.1")
        if verdict is not None:
            assert verdict.until > 10.0 * window + 10.0
            given_at.add(verdict.crossed_at)
    assert len(given_at) > 3


def test_a_verdict_ends_with_its_time() -> None:
    verdicts = AddressVerdicts((PAGES,))
    verdicts.offer(record(150.0))
    verdict = verdicts.verdict("192.0.2.1")
    assert verdict is not None
    verdicts.offer(record(3.0, start=verdict.until, address="192.0.2.9"))
    assert verdicts.verdict("192.0.2.1") is None
    assert verdicts.held() == []


def test_each_budget_takes_its_own_sums() -> None:
    verdicts = AddressVerdicts((PAGES, LOGINS))
    verdicts.offer(record(50.0, limit="pages"))
    assert verdicts.verdict("192.0.2.1") is None
    verdicts.offer(record(11.0, limit="logins"))
    verdicts.offer(record(150.0, limit="pages"))
    assert {verdict.limit for verdict in verdicts.held()} == {"pages", "logins"}
    verdict = verdicts.verdict("192.0.2.1")
    assert verdict is not None
    assert verdict.until == max(one.until for one in verdicts.held())


def test_addresses_that_were_not_heard_of_for_long_are_forgotten() -> None:
    verdicts = AddressVerdicts((PAGES,))
    verdicts.offer(record(150.0))
    for first in range(0, addresses.REMEMBERED, 10_000):
        many = dict.fromkeys((f"other-{number}" for number in range(first, first + 10_000)), 3.0)
        verdicts.offer(Record(partition=0, window_start=0.0, window_s=10.0, costs=many))
    assert verdicts.verdict("192.0.2.1") is None


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns so often that whatever they share is caught half done."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("eager_threads")
def test_verdicts_may_be_asked_for_while_another_thread_offers_sums() -> None:
    verdicts = AddressVerdicts((PAGES, LOGINS))

    def offer() -> None:
        for number in range(1_200):
            window = number // 400 * 200.0  # so that the verdicts before it end
            verdicts.offer(record(1_000.0, window, limit="", address=f"a{number % 400}"))

    with ThreadPoolExecutor(1) as other:
        offering = other.submit(offer)
        while not offering.done():
            for held in verdicts.held():
                assert verdicts.verdict(held.address) is None or held.limit in {"pages", "logins"}
        offering.result()
    assert len(verdicts.held()) == 800
