from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rules.limits import counts as counts_module
from rules.limits import sums as module
from rules.limits.budgets import Budget
from rules.limits.distinct import DistinctLimit
from rules.limits.heavy import KEEP
from rules.limits.sums import Sums, SumsState, floor_of
from rules.limits.window import AHEAD, WINDOW_S
from weir.contracts.rules_record import AddressSums, DistinctSums

PAGES = Budget(id="pages", kind="address", capacity=100.0, refill_per_s=1.0, reason="Too many pages.", version="3")
LOGINS = Budget(id="logins", kind="account", capacity=10.0, refill_per_s=0.1, default_cost=0.0, costs={"login": 1.0})
CROWD = DistinctLimit(id="crowd", kind="address", of="accounts", at_most=8)
ITEMS = DistinctLimit(id="items", kind="visitor", of="items", at_most=5)
DAY = 1_750_000_000.0
Told = AddressSums | DistinctSums


def new(partitions: int = 1, *limits: DistinctLimit) -> Sums:
    return Sums(2, partitions, (PAGES, LOGINS), limits)


def turn(sums: Sums, ts: float, number: int = 0) -> list[Told]:
    """As many events as end a window, free ones."""
    told: list[Told] = []
    for _ in range(AHEAD):
        before = sums.window.start
        if not sums.window.start <= ts < sums.window.end and sums.window.moves(ts, number):
            told += sums.end_window(before)
    return told


def test_a_window_is_told_by_budget_when_it_ends() -> None:
    sums = new()
    assert turn(sums, DAY) == []
    sums.spend("192.0.2.1", "ann", "login", 1.0)
    sums.spend("192.0.2.1", None, "page_view", 0.5)
    sums.spend("192.0.2.1", None, "page_view", 2.0)
    told = turn(sums, DAY + 10.0)
    pages, logins = told
    assert isinstance(pages, AddressSums)
    assert isinstance(logins, AddressSums)
    assert (pages.partition, pages.window_start, pages.limit, pages.costs) == (2, DAY, "pages", {"192.0.2.1": 3.5})
    assert (logins.limit, logins.costs) == ("logins", {"ann": 1.0})
    assert turn(sums, DAY + 20.0) == []


def test_who_hides_below_the_floor_in_every_partition_spends_less_than_a_quarter_of_what_refills() -> None:
    for partitions in (1, 4, 64, 1_024):
        assert floor_of(PAGES, partitions) * partitions <= 0.25 * PAGES.refill_per_s * WINDOW_S
        sums = new(partitions)
        turn(sums, DAY)
        sums.spend("quiet", None, "page_view", floor_of(PAGES, partitions) * 0.99)
        sums.spend("busy", None, "page_view", floor_of(PAGES, partitions))
        (told,) = turn(sums, DAY + 10.0)
        assert isinstance(told, AddressSums)
        assert set(told.costs) == {"busy"}


def test_only_so_many_are_named_the_busiest_ones() -> None:
    sums = new()
    turn(sums, DAY)
    for number in range(module.NAMED + 10):
        sums.spend(f"a{number}", None, "page_view", 3.0 + number)
    (told,) = turn(sums, DAY + 10.0)
    assert isinstance(told, AddressSums)
    assert len(told.costs) == module.NAMED
    assert "a9" not in told.costs


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 9)), max_size=80))
def test_what_is_told_adds_up_to_what_was_spent_but_for_the_floor(spent: list[tuple[str, int]]) -> None:
    sums = new()
    turn(sums, DAY)
    truth: Counter[str] = Counter()
    for address, cost in spent:
        sums.spend(address, None, "page_view", cost)
        truth[address] += cost
    told = {name: cost for record in turn(sums, DAY + 10.0) for name, cost in getattr(record, "costs", {}).items()}
    floor = floor_of(PAGES, 1)
    assert told == {name: cost for name, cost in truth.items() if cost >= floor}


def test_with_more_addresses_than_are_kept_the_error_is_told_and_the_busy_one_is_found() -> None:
    sums = new()
    turn(sums, DAY)
    for number in range(20_000):
        sums.spend(f"a{number}", None, "page_view", 1.0)
        if not number % 20:
            sums.spend("busy", None, "page_view", 1.0)
    (told,) = turn(sums, DAY + 10.0)
    assert isinstance(told, AddressSums)
    assert 0 < told.missed <= 21_000 / KEEP
    assert 1_000 - told.missed <= told.costs["busy"] <= 1_000
    assert len(sums.state.costs["pages"][0]) == 0


def test_sets_are_told_when_they_are_large_enough_and_have_changed() -> None:
    sums = new(2, CROWD)
    turn(sums, DAY)
    sums.arrive("v", "192.0.2.1", "ann")
    assert turn(sums, DAY + 10.0) == []
    sums.arrive("v", "192.0.2.1", "ben")
    (told,) = turn(sums, DAY + 20.0)
    assert isinstance(told, DistinctSums)
    assert (told.limit, told.told_at, list(told.sets)) == ("crowd", DAY + 20.0, ["192.0.2.1"])
    assert turn(sums, DAY + 30.0) == []


def test_a_visitors_set_is_told_once_it_is_over_since_nobody_else_has_a_part_of_it() -> None:
    sums = new(4, ITEMS)
    turn(sums, DAY)
    (items,) = sums.items
    for number in range(ITEMS.at_most):
        items.add("ann", f"item-{number}")
    assert turn(sums, DAY + 10.0) == []
    items.add("ann", "one more")
    (told,) = turn(sums, DAY + 20.0)
    assert isinstance(told, DistinctSums)
    assert list(told.sets) == ["ann"]


def test_counting_begins_anew_with_the_limits_own_window() -> None:
    sums = new(1, CROWD)
    turn(sums, DAY)
    for name in "abcdefgh":
        sums.arrive("v", "192.0.2.1", name)
    turn(sums, DAY + CROWD.window_s)
    (counts,) = sums.arrivals
    assert "192.0.2.1" not in counts
    assert counts.window_start <= DAY + CROWD.window_s


def test_sets_that_are_kept_are_bounded_and_the_largest_stay() -> None:
    sums = new(1, CROWD)
    turn(sums, DAY)
    for name in "abcdefgh":
        sums.arrive("v", "192.0.2.1", name)
    for number in range(5_000):
        sums.arrive("v", f"other-{number}", "ann")
    (counts,) = sums.arrivals
    assert len(counts.state.sets) <= 2 * counts_module.SETS
    assert "192.0.2.1" in counts
    assert counts.missed >= 1


spends = st.lists(
    st.tuples(
        st.sampled_from(["192.0.2.1", "192.0.2.2", ""]),
        st.sampled_from(["ann", "ben", None]),
        st.sampled_from(["login", "page_view"]),
        st.floats(DAY, DAY + 60.0),
    ),
    max_size=120,
)


def run(sums: Sums, events: list[tuple[str, str | None, str, float]], since: int = 0) -> list[Told]:
    told: list[Told] = []
    for number, (address, account, kind, ts) in enumerate(events, since):
        before = sums.window.start
        if not sums.window.start <= ts < sums.window.end and sums.window.moves(ts, number):
            told += sums.end_window(before)
        sums.spend(address, account, kind, 1.0)
        sums.arrive("v", address, account)
    return told


@given(spends, st.integers(0, 120))
def test_sums_go_on_from_their_state_with_the_same_state_and_records(
    events: list[tuple[str, str | None, str, float]], cut: int
) -> None:
    straight, first, again = new(1, CROWD), new(1, CROWD), new(1, CROWD)
    told = run(straight, events)
    before = run(first, events[:cut])
    again.restore(msgspec.json.decode(msgspec.json.encode(first.state), type=SumsState))
    assert before + run(again, events[cut:], len(events[:cut])) == told
    assert msgspec.json.encode(again.state) == msgspec.json.encode(straight.state)


def test_limits_that_are_gone_are_dropped_from_a_state_and_new_ones_begin() -> None:
    sums = new(1, CROWD)
    turn(sums, DAY)
    sums.spend("192.0.2.1", "ann", "login", 1.0)
    other = Sums(2, 1, (LOGINS,), (ITEMS,))
    other.restore(sums.state)
    assert set(other.state.costs) == {"logins"}
    assert set(other.state.counts) == {"items"}
    (told,) = turn(other, DAY + 10.0)
    assert isinstance(told, AddressSums)
    assert told.costs == {"ann": 1.0}
