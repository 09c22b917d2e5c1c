from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rules.limits.heavy import HeavyCosts

KEEP = 4
spends = st.lists(st.tuples(st.sampled_from([f"a{number}" for number in range(30)]), st.integers(1, 50)), max_size=300)


def summed(spent: list[tuple[str, int]], keep: int = KEEP) -> HeavyCosts:
    heavy = HeavyCosts(keep)
    for subject, cost in spent:
        heavy.add(subject, cost)
    return heavy


def test_few_subjects_are_summed_exactly() -> None:
    heavy = summed([("a", 2), ("b", 3), ("a", 4)])
    assert heavy.costs == {"a": 6, "b": 3}
    assert heavy.missed == 0


@given(spends)
def test_what_is_told_is_never_too_much_and_misses_no_more_than_it_says(spent: list[tuple[str, int]]) -> None:
    heavy = summed(spent)
    truth: Counter[str] = Counter()
    for subject, cost in spent:
        truth[subject] += cost
    for subject, cost in truth.items():
        assert 0 <= cost - heavy.costs.get(subject, 0) <= heavy.missed


@given(spends)
def test_what_is_missed_is_bounded_by_a_share_of_all(spent: list[tuple[str, int]]) -> None:
    assert summed(spent).missed <= sum(cost for _, cost in spent) / (KEEP + 1)


@given(spends)
def test_no_more_is_kept_than_was_promised(spent: list[tuple[str, int]]) -> None:
    assert len(summed(spent).costs) <= 2 * KEEP


@given(spends, st.integers(0, 300))
def test_sums_go_on_from_where_they_were_put_away(spent: list[tuple[str, int]], cut: int) -> None:
    straight, first = summed(spent), summed(spent[:cut])
    again = HeavyCosts(KEEP, first.costs, first.missed)
    for subject, cost in spent[cut:]:
        again.add(subject, cost)
    assert (again.costs, again.missed) == (straight.costs, straight.missed)


def test_the_busiest_come_first_and_equals_by_name() -> None:
    heavy = summed([("b", 5), ("a", 5), ("c", 9), ("d", 1)])
    assert list(heavy.busiest(2, 2).items()) == [("c", 9), ("a", 5)]
