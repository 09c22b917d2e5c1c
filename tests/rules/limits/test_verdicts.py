from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits import verdicts as module
from rules.limits.budgets import Budget
from rules.limits.distinct import Distinct, DistinctLimit, hashed
from rules.limits.sums import Sums
from rules.limits.verdicts import Clock, SharedVerdicts, SubjectVerdict
from rules.limits.window import WINDOW_S
from tests.support.sessions import make_session
from weir.contracts.rules_record import AddressSums, DistinctSums
from weir.contracts.session import Session
from weir.networks import AddressRules, Network, Networks

PAGES = Budget(id="pages", kind="address", capacity=100.0, refill_per_s=1.0, reason="Too many pages.", version="3")
LOGINS = Budget(id="logins", kind="address", capacity=10.0, refill_per_s=0.1)
ACCOUNT = Budget(id="account", kind="account", capacity=10.0, refill_per_s=0.1)
PLACES = DistinctLimit(id="places", kind="account", of="addresses", at_most=5, reason="Too many places.")
IP = "192.0.2.1"


def record(cost: float, start: float = 0.0, limit: str = "pages", subject: str = IP, partition: int = 0) -> AddressSums:
    return AddressSums(partition=partition, window_start=start, window_s=WINDOW_S, limit=limit, costs={subject: cost})


def sets(values: range, start: float = 0.0, partition: int = 0, told_at: float = 60.0) -> DistinctSums:
    found = Distinct(hashed(str(value)) for value in values)
    return DistinctSums(
        partition=partition,
        window_start=start,
        window_s=PLACES.window_s,
        told_at=told_at,
        limit="places",
        sets={"ann": base64.b64encode(found.to_bytes()).decode()},
    )


def visit(ts: float = 10.0, **changed: object) -> Session:
    return make_session(**({"ip": IP, "start": ts, "end": ts, "events": 1} | changed))


def over(verdicts: SharedVerdicts, session: Session | None = None) -> list[str]:
    return [verdict.limit for verdict in verdicts.on(session or visit())]


def test_sums_of_several_partitions_cross_a_budget_together() -> None:
    verdicts = SharedVerdicts((PAGES,))
    for partition in range(3):
        assert not over(verdicts)
        verdicts.offer(record(40.0, partition=partition))
    (verdict,) = verdicts.on(visit())
    assert (verdict.kind, verdict.limit, verdict.version) == ("address", "pages", "3")
    assert verdict.text == "The address spent 120 in 100 s. Too many pages."
    assert verdict.observed > PAGES.capacity
    assert not over(verdicts, visit(ip="192.0.2.2"))
    assert not over(verdicts, visit(ip=None))
    assert verdicts.held() == [verdict]


def test_an_ipv6_address_is_met_by_what_its_prefix_did() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(150.0, subject="2001:db8:1:2::/64"))
    assert over(verdicts, visit(ip="2001:db8:1:2:3::9")) == ["pages"]
    assert not over(verdicts, visit(ip="2001:db8:1:3:3::9"))


def test_a_known_visitor_is_not_met_by_what_its_address_did() -> None:
    verdicts = SharedVerdicts((PAGES,), (), Networks((), AddressRules(known_after=10)))
    verdicts.offer(record(150.0))
    assert over(verdicts, visit(events=9)) == ["pages"]
    assert not over(verdicts, visit(events=10))
    assert over(verdicts, visit(events=10, rate_limited=1)) == ["pages"]


def test_trusted_networks_and_verified_crawlers_are_not_met_by_anything() -> None:
    bot = Network(id="bot", treat="crawler", ranges=("192.0.2.0/24",), user_agent="ExampleBot")
    verdicts = SharedVerdicts((PAGES,), (), Networks([bot]))
    verdicts.offer(record(150.0))
    assert not over(verdicts, visit(user_agent="ExampleBot/1.0"))
    assert over(verdicts, visit(user_agent="curl/8")) == ["pages"]


def test_an_account_is_met_wherever_it_is_used() -> None:
    verdicts = SharedVerdicts((ACCOUNT,))
    verdicts.offer(record(20.0, limit="account", subject="ann"))
    assert over(verdicts, visit(ip="203.0.113.9", account_ids=["ben", "ann"], events=500)) == ["account"]
    assert not over(verdicts, visit(account_ids=["ben"]))
    assert not over(verdicts, visit(ip="ann"))


def test_a_verdict_meets_who_was_there_when_it_came_about_and_until_it_ends() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(150.0, start=1_000.0))
    (verdict,) = verdicts.held()
    assert verdict.meets(1_000.0)
    assert not verdict.meets(verdict.crossed_at - verdict.window_s - 1.0)
    assert not verdict.meets(verdict.until)


def test_a_sum_that_is_more_than_there_was_has_emptied_the_bucket() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(1e6, start=1_000.0))
    (verdict,) = verdicts.held()
    assert verdict.retry_after_s == PAGES.recovery_level / PAGES.refill_per_s == 50.0


def test_a_verdict_ends_with_its_time_even_if_nobody_tells_any_more() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(150.0))
    (verdict,) = verdicts.held()
    assert over(verdicts, visit(verdict.until - 1.0)) == ["pages"]
    assert not over(verdicts, visit(verdict.until + 1.0))
    verdicts.offer(record(3.0, start=verdict.until, subject="192.0.2.9"))
    assert verdicts.held() == []


def test_a_verdict_is_given_again_if_the_address_goes_on() -> None:
    verdicts = SharedVerdicts((PAGES,))
    given_at = set()
    for window in range(60):
        verdicts.offer(record(40.0, start=10.0 * window))
        given_at |= {verdict.crossed_at for verdict in verdicts.held()}
    assert len(given_at) > 3


def test_a_record_from_the_far_future_ends_no_verdict_and_starves_no_bucket() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(150.0, start=1_000.0))
    verdicts.offer(record(150.0, start=1e9, partition=1))
    assert over(verdicts, visit(1_010.0)) == ["pages"]
    for window in range(1, 200):
        verdicts.offer(record(1.0, start=1_000.0 + 10.0 * window))
    assert verdicts.held() == []


def test_a_clock_believes_a_leap_that_is_confirmed_and_comes_back_from_a_wrong_one() -> None:
    clock = Clock()
    assert clock.take(0, 1_000.0) == 1_000.0
    assert clock.take(0, 9_000.0) == 1_000.0
    assert clock.take(0, 9_010.0) == 9_010.0
    assert clock.take(0, 1_020.0) == 1_020.0
    assert clock.now == 1_020.0
    clock.take(1, 9_000.0)
    assert clock.now == 1_020.0
    clock.take(2, 9_100.0)
    assert clock.now == 9_100.0


def test_sets_of_several_partitions_are_counted_together_each_value_once() -> None:
    verdicts = SharedVerdicts((), (PLACES,))
    verdicts.offer_sets(sets(range(4)))
    verdicts.offer_sets(sets(range(2, 5), partition=1))
    assert not verdicts.held()
    verdicts.offer_sets(sets(range(4, 8), partition=1))
    (verdict,) = verdicts.held()
    assert verdict.text == "The account had 8 addresses in 3600 s. Too many places."
    assert (verdict.until, verdict.retry_after_s) == (3_600.0, 3_540.0)
    assert over(verdicts, visit(account_ids=["ann"])) == ["places"]
    verdicts.offer_sets(sets(range(20), partition=1))
    assert verdicts.held() == [verdict]


def test_counting_begins_anew_with_a_window_and_late_sets_of_the_last_one_do_not_count() -> None:
    verdicts = SharedVerdicts((), (PLACES,))
    verdicts.offer_sets(sets(range(4)))
    verdicts.offer_sets(sets(range(4, 8), start=3_600.0, told_at=3_700.0))
    verdicts.offer_sets(sets(range(8, 20), partition=1))
    assert not verdicts.held()


@pytest.mark.parametrize("data", ["", "?", "eA==", base64.b64encode(b"e" + b"x" * 30).decode()])
def test_sets_that_can_not_be_read_are_passed_over(data: str) -> None:
    verdicts = SharedVerdicts((), (PLACES,))
    verdicts.offer_sets(sets(range(2)).model_copy(update={"sets": {"ann": data}}))
    assert not verdicts.held()


def test_records_of_limits_that_are_not_in_force_are_passed_over() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(1e6, limit="gone"))
    verdicts.offer_sets(sets(range(20)))
    assert not verdicts.held()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 100)
    monkeypatch.setattr(module, "REMEMBERED_SETS", 100)
    verdicts = SharedVerdicts((PAGES,), (PLACES,))
    verdicts.offer(record(150.0))
    for number in range(300):
        verdicts.offer(record(3.0, subject=f"other-{number}"))
        one = sets(range(2))
        verdicts.offer_sets(one.model_copy(update={"sets": {f"a{number}": one.sets["ann"]}}))
    assert verdicts.remembered == (100, 100)
    assert not over(verdicts)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.5, 30.0)), min_size=1, max_size=60),
    st.sampled_from([1, 4]),
)
def test_two_phases_find_what_one_bucket_would_within_the_error_that_is_stated(
    spent: list[tuple[int, float]], partitions: int
) -> None:
    """One event a second to any of the partitions; exact buckets beside the two phases."""
    partials = [Sums(number, partitions, (PAGES,), ()) for number in range(partitions)]
    verdicts = SharedVerdicts((PAGES,))
    tokens, exact_at, found_at = PAGES.capacity, None, None
    hidden = 0.25 * PAGES.refill_per_s * WINDOW_S
    start = 1_000.0
    for second, (number, cost) in enumerate(spent):
        ts = start + second
        tokens = min(PAGES.capacity, tokens + PAGES.refill_per_s) - cost
        # Past this, even what may be hidden below the floor in each window so far is no excuse.
        if exact_at is None and tokens + (second / WINDOW_S + 1) * hidden + PAGES.refill_per_s * WINDOW_S < 0:
            exact_at = ts
        one = partials[number % partitions]
        if one.window.start < 0:
            one.window.moves(ts, 0)
        one.spend(IP, None, "page_view", cost)
        if (second + 1) % WINDOW_S == 0:
            for partial in partials:
                before = partial.window.start
                partial.window._set(ts + 1.0)
                for told in partial.end_window(before):
                    assert isinstance(told, AddressSums)
                    verdicts.offer(told)
            if found_at is None and verdicts.held():
                found_at = ts + 1.0
    if exact_at is not None and len(spent) >= exact_at - start + 2 * WINDOW_S:
        assert found_at is not None
        assert found_at - exact_at <= WINDOW_S


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 30.0)), min_size=1, max_size=120),
    st.sampled_from([1, 4]),
)
def test_nobody_is_accused_who_spends_less_than_a_bucket_smaller_by_one_windows_refill_holds(
    spent: list[tuple[int, float]], partitions: int
) -> None:
    verdicts = SharedVerdicts((PAGES,))
    least = PAGES.capacity - PAGES.refill_per_s * WINDOW_S
    tokens = least
    for window in range(0, len(spent), int(WINDOW_S)):
        sums = dict.fromkeys(range(partitions), 0.0)
        for number, cost in spent[window : window + int(WINDOW_S)]:
            tokens = min(least, tokens + PAGES.refill_per_s)
            affordable = min(cost, tokens)
            tokens -= affordable
            sums[number % partitions] += affordable
        for partition, total in sums.items():
            verdicts.offer(record(total, start=1_000.0 + window, partition=partition))
    assert not verdicts.held()


def test_a_partition_that_catches_up_accuses_nobody_who_kept_within_the_budget() -> None:
    """Hours of one partition's sums come when the others are at the end already; its address spent half of a budget."""
    verdicts = SharedVerdicts((PAGES,))
    windows = range(0, 7_200, int(WINDOW_S))
    for start in windows:
        verdicts.offer(record(0.25 * PAGES.refill_per_s * WINDOW_S, start=float(start)))
    for start in windows:
        verdicts.offer(record(0.5 * PAGES.refill_per_s * WINDOW_S, start=float(start), partition=1))
        assert not verdicts.held()
    verdicts.offer(record(150.0, start=7_200.0, partition=1))
    assert over(verdicts, visit(7_200.0)) == ["pages"]


def test_verdicts_are_another_object_only_if_one_of_them_changed() -> None:
    verdicts = SharedVerdicts((PAGES,))
    verdicts.offer(record(150.0))
    (held,) = verdicts.held()
    before = verdicts.verdicts
    verdicts.offer(record(3.0, start=10.0, subject="192.0.2.9"))
    assert verdicts.verdicts is before
    verdicts.offer(record(3.0, start=held.until, subject="192.0.2.9"))
    assert verdicts.verdicts is not before


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns so often that whatever they share is caught half done."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("eager_threads")
def test_verdicts_may_be_asked_for_while_another_thread_offers_sums() -> None:
    verdicts = SharedVerdicts((PAGES, LOGINS))

    def offer() -> None:
        for number in range(1_200):
            window = number // 400 * 200.0  # so that the verdicts before it end
            verdicts.offer(record(1_000.0, window, limit="", subject=f"a{number % 400}"))

    with ThreadPoolExecutor(1) as other:
        offering = other.submit(offer)
        while not offering.done():
            for held in verdicts.held():
                assert isinstance(held, SubjectVerdict)
                for found in verdicts.on(visit(ip=held.subject)):
                    assert found.limit in {"pages", "logins"}
        offering.result()
    assert len(verdicts.held()) == 800
