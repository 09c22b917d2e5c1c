from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits.budgets import BucketState, Budget, Spent, load_budgets, spend
from rules.problems import RulesError

TEN = Budget(id="ten", kind="visitor", capacity=10.0, refill_per_s=1.0)
budgets = st.builds(
    Budget,
    id=st.just("any"),
    kind=st.just("visitor"),
    capacity=st.floats(2.0, 1e4),
    refill_per_s=st.floats(0.01, 1e3),
    recovery_share=st.floats(0.5, 1.0),
)
times = st.lists(st.floats(0, 2e9), min_size=1, max_size=60)
bursts = st.lists(st.floats(0, 3), min_size=1, max_size=200)


def spend_all(budget: Budget, all_ts: list[float], cost: float = 1.0) -> list[Spent]:
    state: BucketState | None = None
    done = []
    for ts in all_ts:
        spent = spend(budget, state, ts, cost)
        state = spent.state
        done.append(spent)
    return done


def cumulated(gaps: list[float], start: float = 1.7e9) -> list[float]:
    ts, out = start, []
    for gap in gaps:
        ts += gap
        out.append(ts)
    return out


def test_a_full_bucket_covers_its_capacity_at_once_and_no_more() -> None:
    spent = spend_all(TEN, [100.0] * 12)
    assert [one.over for one in spent] == [False] * 10 + [True] * 2


def test_a_limit_is_reported_once_until_it_recovered_and_then_again() -> None:
    spent = spend_all(TEN, [100.0] * 12 + [104.9] + [105.0] * 6)
    assert [number for number, one in enumerate(spent) if one.crossed] == [10, 18]
    assert spent[10].until == 105.0
    assert spent[10].retry_after_s == 5.0
    assert spent[10].observed == 11.0
    assert spent[12].over
    assert not spent[13].over


def test_types_have_their_own_cost_and_one_by_default() -> None:
    budget = Budget(id="b", kind="visitor", capacity=10.0, refill_per_s=1.0, costs={"login": 5.0, "ping": 0.0})
    assert [budget.cost(kind) for kind in ("login", "ping", "page_view")] == [5.0, 0.0, 1.0]


@given(budgets, times)
def test_older_events_refill_nothing_and_the_clock_is_the_greatest_time(budget: Budget, all_ts: list[float]) -> None:
    state: BucketState | None = None
    for ts in all_ts:
        before = state
        state = spend(budget, state, ts, 1.0).state
        assert state.clock == max(ts, before.clock if before else ts)
        if before is not None and ts <= before.clock:
            assert state.tokens <= before.tokens


@given(budgets, bursts)
def test_tokens_stay_between_nothing_and_the_capacity(budget: Budget, gaps: list[float]) -> None:
    for spent in spend_all(budget, cumulated(gaps)):
        assert 0 <= spent.state.tokens <= budget.capacity


@given(budgets, bursts)
def test_what_is_let_through_never_exceeds_capacity_and_refill(budget: Budget, gaps: list[float]) -> None:
    all_ts = cumulated(gaps)
    through = sum(not spent.over for spent in spend_all(budget, all_ts))
    # The clock's own resolution, once an event, and what recovery rounds up.
    slack = len(gaps) * (budget.refill_per_s * 1e-6 + 1e-6 * budget.capacity)
    assert through <= budget.capacity + budget.refill_per_s * (all_ts[-1] - all_ts[0]) + slack


@given(budgets, bursts)
def test_between_two_crossings_the_limit_recovered(budget: Budget, gaps: list[float]) -> None:
    until = 0.0
    for spent, ts in zip(spend_all(budget, all_ts := cumulated(gaps)), all_ts, strict=True):
        assert spent.over or not spent.crossed
        if spent.crossed:
            assert ts >= until
            until = spent.until
        elif spent.over:
            assert spent.until == until > ts
        else:
            assert not until or ts >= until


@given(budgets, bursts)
def test_an_event_at_the_promised_time_is_let_through(budget: Budget, gaps: list[float]) -> None:
    for spent in spend_all(budget, cumulated(gaps)):
        if spent.over:
            assert not spend(budget, spent.state, spent.until, 1.0).over


@given(budgets, bursts)
def test_a_crossing_observed_more_than_the_capacity(budget: Budget, gaps: list[float]) -> None:
    for spent in spend_all(budget, cumulated(gaps)):
        assert not spent.crossed or spent.observed > budget.capacity * (1 - 1e-6)


@given(budgets, bursts)
def test_a_state_that_was_written_and_read_goes_on_as_if_nothing_had_been(budget: Budget, gaps: list[float]) -> None:
    decode = msgspec.msgpack.Decoder(BucketState).decode
    state: BucketState | None = None
    for ts, straight in zip(all_ts := cumulated(gaps), spend_all(budget, all_ts), strict=True):
        spent = spend(budget, decode(msgspec.msgpack.encode(state)) if state else None, ts, 1.0)
        assert spent == straight
        state = spent.state


def test_shipped_budgets_load() -> None:
    shipped = load_budgets()
    assert {budget.kind for budget in shipped.visitor} == {"visitor"}
    assert {budget.kind for budget in shipped.address} == {"address"}
    assert all(budget.reason and budget.version == shipped.version for budget in shipped.by_id.values())
    assert {budget.kind for budget in shipped.account} == {"account"}
    assert all(limit.reason and limit.version == shipped.version for limit in shipped.distinct)


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "budgets.yaml"
    file.write_text(
        "version: 1\n"
        "budgets:\n"
        "  - {id: A b, kind: visitor, capacity: 10, refill_per_s: 1, reason: r}\n"
        "  - id: fine\n"
        "    kind: visitor\n"
        "    capacity: -1\n"
        "    refil_per_s: 1\n"
        "    refill_per_s: .inf\n"
        "    reason: r\n"
    )
    with pytest.raises(RulesError) as caught:
        load_budgets(file)
    problems = caught.value.problems
    assert [(problem.line, problem.message.split()[0].rstrip(":")) for problem in problems] == [
        (1, "version"),
        (3, "budgets.0.id"),
        (6, "budgets.1.capacity"),
        (7, "budgets.1.refil_per_s"),
        (8, "budgets.1.refill_per_s"),
    ]
    assert "Did you mean refill_per_s?" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("{id: a, kind: visitor, capacity: 10, refill_per_s: 1, costs: {login: 6}, reason: r}", "cost 6"),
        ("{id: a, kind: visitor, capacity: 10, refill_per_s: 1, default_cost: 0, reason: r}", "never"),
        ("{id: b, kind: visitor, capacity: 10, refill_per_s: 1, reason: r}", "twice"),
    ],
)
def test_a_budget_that_can_not_work_is_refused(tmp_path: Path, entry: str, word: str) -> None:
    file = tmp_path / "budgets.yaml"
    other = "{id: b, kind: address, capacity: 10, refill_per_s: 1, reason: r}"
    file.write_text(f'version: "1"\nbudgets:\n  - {other}\n  - {entry}\n')
    with pytest.raises(RulesError, match=word):
        load_budgets(file)


@pytest.mark.parametrize("text", ["", "a: [", "a: 1\na: 2", "2026-99-99", "- 1"])
def test_what_is_no_file_of_budgets_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "budgets.yaml"
    file.write_text(text)
    with pytest.raises(RulesError, match=r"budgets\.yaml"):
        load_budgets(file)


def test_a_missing_file_or_a_directory_is_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(RulesError, match="can't be read"):
            load_budgets(path)
