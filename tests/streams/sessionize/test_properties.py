from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.limits.budgets import Budget
from streams.sessionize.config import FoldConfig
from streams.sessionize.open_session import OpenSession
from streams.sessionize.task import SessionizeTask
from streams.task import Effects
from tests.streams.sessionize.driving import (
    DAY_1,
    SMALL,
    Words,
    event_record,
    library_of,
    new_task,
    record,
    recover,
    run,
    sessions,
    state_of,
    watermark_record,
)
from tests.streams.sessionize.plain_model import PlainModel
from weir.contracts import Session
from weir.kafka.records import LogRecord, Output
from weir.topics import SESSIONS

WORDS = Words(("admin", "etc"))
BUDGETS = (Budget(id="burst", kind="visitor", capacity=4.0, refill_per_s=0.2),)
CONFIG = msgspec.structs.replace(SMALL, visitor_budgets=BUDGETS, packs=dict(WORDS.versions))
PARTITIONS = 2


@st.composite
def logs(draw: st.DrawFn, most: int = 40) -> list[LogRecord]:
    """A partition's input: events roughly in order, some twice, some strayed, some broken; watermark records."""
    made: list[LogRecord] = []
    now = 0.0
    for offset in range(draw(st.integers(0, most))):
        now += draw(st.sampled_from([0.0, 0.5, 1.0, 4.0, 9.0, 11.0, 30.0]))
        kind = draw(st.sampled_from(["event"] * 12 + ["again", "mark", "broken", "future"]))
        if kind == "mark":
            made.append(watermark_record(offset, DAY_1 + now + draw(st.sampled_from([-5.0, 0.0, 20.0]))))
        elif kind == "broken":
            value = draw(st.sampled_from([None, b"", b"{", b"[]", b'{"event_id": 1}', b"\xff"]))
            made.append(record(value, offset, key=b"x", appended_s=DAY_1 + now))
        elif kind == "again" and made:
            made.append(once_more(draw(st.sampled_from(made)), offset, DAY_1 + now))
        else:
            ts = DAY_1 + now - draw(st.sampled_from([0.0, 0.0, 0.0, 0.25, 3.0, 8.0, 14.0, 17.0, 40.0]))
            ts += 1e6 if kind == "future" else 0.0
            made.append(event_record(offset, draw(visitors), ts, DAY_1 + now, **draw(contents)))
    return made


def once_more(one: LogRecord, offset: int, appended_s: float) -> LogRecord:
    """The record once more, later."""
    return LogRecord(one.topic, one.partition, offset, round(appended_s * 1000), one.key, one.value, one.headers)


visitors = st.sampled_from(["ann", "bob", "cat", "dan"])
contents: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["page_view", "click", "purchase", "own"])},
    optional={
        "url": st.sampled_from(["/a", "/admin", "/etc/admin"]),
        "value": st.sampled_from([0.1, 12.5]),
        "currency": st.sampled_from(["EUR", "USD"]),
        "item_id": st.sampled_from(["i", "j"]),
        "query": st.text(max_size=3),
        "status": st.integers(0, 999),
        "account_id": st.sampled_from(["x", "y"]),
    },
)
cuts = st.lists(st.integers(0, 40), max_size=6)


def task(partitions: int = PARTITIONS, config: FoldConfig = CONFIG) -> SessionizeTask:
    return new_task(config, WORDS, partitions=partitions)


def but_for_seconds(effects: Effects) -> dict[object, float]:
    """What was counted, without how long it took."""
    return {series: by for series, by in effects.counts.items() if series[0] != "cascade_seconds"}


@settings(max_examples=50)
@given(logs(), cuts)
def test_no_result_depends_on_where_a_batch_ends(log: list[LogRecord], batches: list[int]) -> None:
    whole, cut = task(), task()
    one, other = run(whole, log), run(cut, log, batches)
    assert one.outputs == other.outputs
    assert but_for_seconds(one) == but_for_seconds(other)
    assert whole.progress() == cut.progress()
    assert state_of(whole) == state_of(cut)


@settings(max_examples=60)
@given(logs(), st.integers(0, 40), st.integers(0, 40), cuts)
def test_a_checkpoint_and_the_input_since_give_what_an_undisturbed_run_gives(
    log: list[LogRecord], checkpoint: int, crash: int, batches: list[int]
) -> None:
    checkpoint, crash = sorted((min(checkpoint, len(log)), min(crash, len(log))))
    undisturbed, crashed = task(), task()
    state: dict[bytes, bytes] = {}
    run(crashed, log[:checkpoint], batches)
    state_of(crashed, state)
    lost = run(crashed, log[checkpoint:crash], batches)
    recovered = recover(SessionizeTask(0, PARTITIONS, CONFIG, library_of(WORDS)), state)
    assert run(recovered, log[checkpoint:crash]).outputs == lost.outputs
    assert recovered.progress() == crashed.progress()
    recovered.recovered()
    state_of(recovered, state)
    before = run(undisturbed, log[:crash])
    assert run(recovered, log[crash:], batches).outputs == run(undisturbed, log[crash:]).outputs
    assert recovered.progress() == undisturbed.progress()
    assert state_of(recovered, state) == state_of(undisturbed)
    assert before.outputs[len(before.outputs) - len(lost.outputs) :] == lost.outputs


@settings(max_examples=40)
@given(logs())
def test_accounts_balance_and_sessions_hold_every_folded_event_once(log: list[LogRecord]) -> None:
    one = task()
    effects = run(one, log)
    accounts = one.fold.accounts
    assert accounts.input == len(log)
    assert accounts.is_balanced
    outcomes = {labels[0]: by for (name, labels), by in effects.counts.items() if name == "events"}
    assert sum(outcomes.values()) == len(log)
    held = sum(session.events for session in open_sessions(one))
    ended = sum(final["events"] for final in finals(effects.outputs) if final["merged_into"] is None)
    assert held + ended == accounts.folded
    assert accounts.open == len(open_sessions(one))


@settings(max_examples=40)
@given(logs())
def test_each_session_ends_once_with_rising_revisions_and_within_its_bounds(log: list[LogRecord]) -> None:
    # An event whose fingerprint was forgotten may open a session once more, under the same id.
    one = task(config=msgspec.structs.replace(CONFIG, max_fingerprints=len(log) + 1))
    effects = run(one, [*without_repeats_from_the_future(log), watermark_record(len(log), DAY_1 + 1e7)])
    assert one.fold.accounts.open == 0
    by_session: dict[str, list[dict[str, Any]]] = {}
    for output in effects.outputs:
        if output.topic is SESSIONS:
            Session.model_validate_json(output.value or b"")
    for revision in sessions(effects.outputs):
        by_session.setdefault(revision["session_id"], []).append(revision)
        assert revision["events"] <= CONFIG.max_session_events
        assert revision["duration_s"] <= CONFIG.max_session_s
        assert sum(revision["counts"].values()) == revision["events"]
    for revisions in by_session.values():
        assert [one["revision"] for one in revisions] == list(range(1, len(revisions) + 1))
        assert [one["final"] for one in revisions] == [False] * (len(revisions) - 1) + [True]


@settings(max_examples=40)
@given(logs())
@example([event_record(n, "ann", DAY_1 + ts, DAY_1 + 40.0) for n, ts in enumerate([0, 10, 20, 30, 40, 50, 60, -5, 8])])
def test_the_rules_of_time_are_those_of_a_plain_model(log: list[LogRecord]) -> None:
    one = new_task(SMALL)
    model = PlainModel(SMALL)
    outputs: list[Output] = []
    for record_ in log:
        outputs += run(one, [record_]).outputs
        event = as_event(record_, one)
        if event is not None:
            model.take(*event)
        elif record_.headers:
            model.raise_to(json.loads(record_.value or b"")["watermark"])
    accounts = one.fold.accounts
    assert {name: getattr(accounts, name) for name in ("folded", "late", "duplicate")} == {
        name: model.outcomes[name] for name in ("folded", "late", "duplicate")
    }
    told = [
        {name: final[name] for name in ("visitor_id", "events", "start", "end", "split")}
        for final in finals(outputs)
        if final["merged_into"] is None
    ]
    assert told == model.finals()
    assert accounts.open == len(model.open)


def without_repeats_from_the_future(log: list[LogRecord]) -> list[LogRecord]:
    """An id hashes the `ts` as received: an event that is clamped twice, days apart, opens two sessions of one id."""
    kept: list[LogRecord] = []
    seen: set[bytes] = set()
    for one in log:
        value = one.value or b""
        if not one.headers and value.startswith(b'{"event_id": "'):
            if json.loads(value)["ts"] > one.timestamp / 1000 + 300 and value in seen:
                continue
            seen.add(value)
        kept.append(LogRecord(one.topic, one.partition, len(kept), one.timestamp, one.key, one.value, one.headers))
    return kept


def open_sessions(one: SessionizeTask) -> list[OpenSession]:
    states = [one.fold.visitors.get(visitor) for visitor in list(one.fold.visitors)]
    return [session for state in states if state is not None for session in state.sessions]


def as_event(one: LogRecord, task_: SessionizeTask) -> tuple[str, str, float] | None:
    """What the plain model needs of a record: content takes part in the id, since it tells duplicates."""
    try:
        event = json.loads(one.value or b"")
        ts = min(event["ts"], one.timestamp / 1000) if event["ts"] > one.timestamp / 1000 + 300 else event["ts"]
        visitor = event.pop("visitor_id")
        del event["ts"], task_
        for unread in ("currency", "status", "account_id"):
            event.pop(unread, None)
        return json.dumps(event), visitor, ts
    except (ValueError, KeyError, TypeError):
        return None


def finals(outputs: Sequence[Output]) -> list[dict[str, Any]]:
    return [one for one in sessions(outputs) if one["final"]]


@given(
    st.lists(st.tuples(visitors, st.sampled_from([1.0, 4.0, 9.0, 11.0, 30.0])), max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_within_grace_changes_no_sessions_count(
    steps: list[tuple[str, float]], random: Random
) -> None:
    config = FoldConfig(gap_s=10.0, grace_s=5.0)
    now, events = 0.0, []
    for number, (visitor, step) in enumerate(steps):
        now += step
        events.append((now, number, visitor))
    shuffled = sorted(events, key=lambda event: event[0] + random.uniform(0.0, 5.0))
    results = []
    for order in (events, shuffled):
        one = new_task(config)
        log = [
            event_record(offset, visitor, DAY_1 + ts, event_id=str(number))
            for offset, (ts, number, visitor) in enumerate(order)
        ]
        outputs = run(one, [*log, watermark_record(len(log), DAY_1 + 1e7)]).outputs
        assert one.fold.accounts.late == 0
        results.append(
            sorted(
                (s["visitor_id"], s["start"], s["end"], s["events"]) for s in finals(outputs) if not s["merged_into"]
            )
        )
    assert results[0] == results[1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
hostile = st.one_of(
    st.binary(max_size=40),
    st.none(),
    st.fixed_dictionaries(
        {
            "event_id": st.text(min_size=1, max_size=5) | json_values,
            "visitor_id": st.text(min_size=1, max_size=5) | json_values,
            "type": st.text(min_size=1, max_size=5) | json_values,
            "ts": st.floats() | st.text(max_size=30) | st.sampled_from([0, -1, 1e308, 1e11, "2026-01-01", "\ud800"]),
        },
        optional={
            name: json_values | st.text(max_size=8)
            for name in ("url", "query", "title", "text", "currency", "item_id", "method", "account_id", "referrer")
        }
        | {
            "status": st.integers(-1, 1_000),
            "bytes": st.integers(-1, 2**54),
            "value": st.floats() | st.just(1e12),
        },
    ).map(lambda event: json.dumps(event).encode()),
)
headers = st.lists(st.tuples(st.sampled_from(["weir-watermark", "x", ""]), st.binary(max_size=10)), max_size=2)


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(hostile, st.none() | st.binary(max_size=6), headers, st.sampled_from([-1, 0, 1_750_000_000_000])),
        max_size=8,
    )
)
def test_nothing_that_arrives_raises(
    arrivals: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]], int]],
) -> None:
    one = task(partitions=1)
    log = [
        LogRecord("weir.events", 0, offset, timestamp, key, value, heads)
        for offset, (value, key, heads, timestamp) in enumerate(arrivals)
    ]
    effects = run(one, log)
    assert one.fold.accounts.is_balanced
    for output in effects.outputs:
        if output.topic is SESSIONS:
            Session.model_validate_json(output.value or b"")
    state = state_of(one)
    assert recover(SessionizeTask(0, 1, CONFIG, library_of(WORDS)), state).progress() == one.progress()
