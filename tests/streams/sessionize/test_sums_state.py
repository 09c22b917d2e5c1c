"""What addresses and accounts spent, over crashes: neither lost nor counted twice, whatever is open."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.limits import counts as module
from rules.limits.budgets import Budget
from rules.limits.distinct import DistinctLimit
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from tests.streams.sessionize.driving import (
    DAY_1,
    Driver,
    Words,
    event_record,
    library_of,
    new_task,
    of,
    recover,
    run,
    state_of,
)
from weir.errors import WorkError
from weir.kafka.records import LogRecord, Output
from weir.topics import RULES

PAGES = Budget(id="pages", kind="address", capacity=10.0, refill_per_s=0.5)
LOGINS = Budget(id="logins", kind="account", capacity=3.0, refill_per_s=0.1, default_cost=0.0, costs={"login": 1.0})
CROWD = DistinctLimit(id="crowd", kind="address", of="visitors", at_most=3, window_s=60.0)
PLACES = DistinctLimit(id="places", kind="account", of="addresses", at_most=2, window_s=90.0)
CONFIG = FoldConfig(
    gap_s=100.0, grace_s=50.0, address_budgets=(PAGES,), account_budgets=(LOGINS,), distinct_limits=(CROWD, PLACES)
)

steps = st.tuples(
    st.sampled_from(["ann", "bob", "cem", "dee", "eve"]),
    st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", None]),
    st.sampled_from(["acme", "umbrella", None]),
    st.sampled_from(["page_view", "login"]),
    st.floats(0.0, 6.0),
)


def records(given_steps: list[tuple[Any, ...]]) -> list[LogRecord]:
    now = DAY_1
    found = []
    for offset, (visitor, ip, account, kind, later_s) in enumerate(given_steps):
        now += later_s
        found.append(event_record(offset, visitor, now, ip=ip, account_id=account, type=kind))
    return found


def sums(outputs: list[Output]) -> list[tuple[bytes | None, bytes | None]]:
    return [(output.key, output.value) for output in of(RULES, outputs)]


def at_rest(task: SessionizeTask) -> dict[str, Any]:
    state = task.fold.subjects.state
    sets = {name: (one.number, one.sets, sorted(one.touched), one.missed) for name, one in state.counts.items()}
    return {"window": (state.start, state.ahead, state.behind), "costs": state.costs, "sets": sets}


@settings(max_examples=40)
@given(st.lists(steps, min_size=20, max_size=90), st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_sums_are_the_same_after_a_crash_between_checkpoints(
    given_steps: list[tuple[Any, ...]], one: int, two: int, three: int
) -> None:
    first, second, crash = sorted((one, two, three))
    log = records(given_steps)
    straight = new_task(CONFIG)
    wanted = run(straight, log)

    state: dict[bytes, bytes] = {}
    crashed = new_task(CONFIG)
    told = run(crashed, log[:first]).outputs
    state_of(crashed, state)
    told += run(crashed, log[first:second]).outputs
    state_of(crashed, state)
    told += run(crashed, log[second:crash]).outputs  # published; what came of it was not written
    recovered = recover(SessionizeTask(0, 1, crashed.fold.config, library_of(Words())), state)
    again = run(recovered, log[second:crash]).outputs
    assert sums(again) == sums(told)[len(sums(told)) - len(sums(again)) :]
    recovered.recovered()
    told += run(recovered, log[crash:]).outputs
    assert sums(told) == sums(wanted.outputs)
    assert at_rest(recovered) == at_rest(straight)


@settings(max_examples=40)
@given(st.lists(steps, min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_the_state_is_what_all_changes_come_to(given_steps: list[tuple[Any, ...]], cuts: list[int]) -> None:
    state: dict[bytes, bytes] = {}
    task = new_task(CONFIG)
    log = records(given_steps)
    begun = 0
    for cut in [*sorted(cuts), len(log)]:
        run(task, log[begun:cut])
        begun = max(begun, cut)
        state_of(task, state)
        assert at_rest(recover(SessionizeTask(0, 1, CONFIG, library_of(Words())), state)) == at_rest(task)


def test_sums_of_limits_that_are_gone_are_taken_back_from_the_state() -> None:
    driver = Driver(new_task(CONFIG))
    for number in range(4):
        driver.send(f"v{number}", 0.0, ip="192.0.2.1", account_id="acme", type="login")
    state = state_of(driver.task)
    assert {key[:2] for key in state if key[:1] in {b"c", b"d"}} == {b"cp", b"cl", b"dc", b"dp"}
    fewer = msgspec.structs.replace(CONFIG, address_budgets=(), distinct_limits=(PLACES,))
    task = recover(SessionizeTask(0, 1, fewer, library_of(Words())), state)
    task.recovered()
    state_of(task, state)
    assert sorted(key for key in state if key[:1] in {b"c", b"d"}) == [b"clogins", b"dplaces/acme"]


def test_addresses_that_come_and_go_leave_no_trace_and_no_entry_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETS", 50)
    state: dict[bytes, bytes] = {}
    driver = Driver(new_task(CONFIG))
    written = 0
    for number in range(1_000):
        driver.send(f"v{number}", number / 1_000, ip=f"198.51.{number // 250}.{number % 250}", account_id="x" * 512)
        if number % 100 == 99:
            changed = list(driver.task.changes())
            written += sum(key[:1] == b"d" for key, _ in changed)
            state |= {key: value for key, value in changed if value is not None}
            for key, value in changed:
                if value is None:
                    del state[key]  # it was there
    assert sum(key.startswith(b"dcrowd/") for key in state) <= 100
    assert written < 10 * 300
    assert max(map(len, state.values())) < 100_000


def test_a_new_counting_window_takes_the_last_ones_sets_back() -> None:
    state: dict[bytes, bytes] = {}
    driver = Driver(new_task(CONFIG))
    driver.send("ann", 0.0, ip="192.0.2.1")
    state_of(driver.task, state)
    assert b"dcrowd/192.0.2.1" in state
    for number in range(8):
        driver.send(f"v{number}", 70.0)
    state_of(driver.task, state)
    assert b"dcrowd/192.0.2.1" not in state


@pytest.mark.parametrize("entry", [(b"cpages", b"\xff"), (b"dcrowd/x", b""), (b"dcrowd/x", b"tq")])
def test_sums_that_can_not_be_read_stop_the_worker(entry: tuple[bytes, bytes]) -> None:
    driver = Driver(new_task(CONFIG))
    driver.send("ann", 0.0, ip="192.0.2.1")
    with pytest.raises(WorkError, match="limits can't be read"):
        recover(SessionizeTask(0, 1, CONFIG, library_of(Words())), state_of(driver.task) | dict([entry]))
