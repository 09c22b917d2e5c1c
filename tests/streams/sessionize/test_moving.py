from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sessionize import caps
from streams.sessionize.config import FoldConfig
from streams.sessionize.open_session import OpenSession, VisitorState, decode_visitor, encode_visitor, to_wire
from streams.sessionize.paths import path_info
from tests.streams.sessionize.driving import DAY_1, SMALL, Driver, Words, event_record, new_task, run, sessions
from tests.streams.sessionize.driving import watermark_record as mark

CONFIG = FoldConfig(measures_posts=True)
WIDE = msgspec.structs.replace(
    SMALL, gap_s=10.0, grace_s=1_000.0, max_session_events=1_000, max_session_s=9_000.0, measures_posts=True
)
MEASURES = (
    *("gaps", "immediate_repeats", "follows", "zero_gaps", "gap_median_s"),
    *("path_depth", "most_of_one_template", "path_entropy"),
)
Event = dict[str, Any]


def measured(*events: Event, config: FoldConfig = CONFIG) -> dict[str, Any]:
    """The measures of a session of these events, ten seconds apart unless they say otherwise."""
    driver = Driver(new_task(config))
    for number, event in enumerate(events):
        driver.send("ann", **({"ts": 10.0 * number, "appended_s": 1_000.0} | event))
    driver.mark(100_000.0)
    (final,) = driver.finals()
    return {name: final[name] for name in MEASURES}


def at(ts: float, url: str = "/a", **fields: object) -> Event:
    return {"ts": ts, "url": url, "event_id": f"{ts}-{url}", **fields}


def test_the_same_page_again_is_told_from_a_page_come_back_to() -> None:
    found = measured(at(0, "/a"), at(1, "/a"), at(2, "/b"), at(3, "/a"), at(4, "/a?x=1"))
    assert found["immediate_repeats"] == 1


def test_a_page_reached_from_the_page_before_follows_it_whatever_the_host_and_query() -> None:
    found = measured(
        at(0, "/a?page=1", referrer="https://search.example/"),
        at(1, "/b", referrer="https://shop.example/a/"),
        at(2, "/c", referrer="https://shop.example/a"),
        at(3, "/d"),
    )
    assert found["follows"] == 1


def test_gaps_are_told_by_their_median_and_by_those_of_no_length() -> None:
    found = measured(at(0), at(0, "/b"), at(0.25), at(5), at(20))
    assert (found["zero_gaps"], found["gap_median_s"]) == (1, 0.3)
    assert measured(at(0), at(4))["gap_median_s"] == 4.0
    assert measured(at(0), at(1_000))["gap_median_s"] == 1_000.0
    assert measured(at(0))["gap_median_s"] is None


def test_paths_that_differ_in_numbers_and_ids_are_of_one_template() -> None:
    ids = ("17", "18", "0f8fad5b-d9cb-469f-a165-70867728950e", "deadbeef")
    found = measured(*(at(number, f"/item/{item}/photos") for number, item in enumerate(ids)))
    assert (found["most_of_one_template"], found["path_entropy"], found["path_depth"]) == (4, 0.0, 3.0)
    found = measured(at(0, "/"), at(1, "/a/b"), at(2, "/facade"), at(3, "/c.html"))
    assert (found["most_of_one_template"], found["path_entropy"], found["path_depth"]) == (1, 2.0, 1.0)


def test_a_session_without_urls_has_no_paths() -> None:
    found = measured({"ts": 0.0}, {"ts": 1.0})
    assert (found["most_of_one_template"], found["path_entropy"], found["path_depth"]) == (0, None, None)


@pytest.mark.parametrize("count", [1, 100])
def test_what_is_remembered_is_bounded(count: int) -> None:
    driver = Driver(new_task(CONFIG))
    for number in range(count * caps.TEMPLATES):
        name = "x" * (number + 1)
        driver.send("ann", float(number), url=f"/{name}", event_id=str(number), appended_s=10_000.0)
    (session,) = driver.task.fold.visitors.at("ann").sessions
    assert session.trail is not None
    assert session.moves is not None
    assert (len(session.trail), len(session.moves.templates)) == (caps.STEPS, caps.TEMPLATES)


def test_an_event_older_than_all_that_are_remembered_counts_right_before_them() -> None:
    late = [at(100.0 + number) for number in range(caps.STEPS)]
    found = measured(at(0.0), *late, at(50.0))
    # From 0 to 100 when it was pushed out, then from 50 to 100.
    assert found["gaps"]["maximum"] == 100.0
    assert found["gaps"]["mean"] == pytest.approx((100 + 7 + 50) / 9, abs=1e-6)


def test_a_session_that_an_older_version_folded_goes_on_from_its_last_event() -> None:
    driver = Driver(new_task(CONFIG))
    for ts in (0.0, 4.0, 6.0):
        driver.send("ann", ts, url="/a", event_id=str(ts), appended_s=1_000.0)
    visitor = driver.task.fold.visitors.at("ann")
    (session,) = visitor.sessions
    session.trail, session.moves = None, None
    session.gap_sum, session.gap_squares, session.gap_min, session.gap_max = 6.0, 20.0, 2.0, 4.0
    driver.send("ann", 7.0, url="/a", event_id="7", appended_s=1_000.0)
    driver.mark(100_000.0)
    (final,) = driver.finals()
    assert (final["gaps"]["mean"], final["gaps"]["minimum"], final["gaps"]["maximum"]) == (
        pytest.approx(7 / 3, abs=1e-6),
        1.0,
        4.0,
    )


def test_nothing_but_gaps_is_measured_where_it_is_switched_off() -> None:
    found = measured(at(0), at(1), config=msgspec.structs.replace(CONFIG, measures_posts=False))
    assert found["gaps"]["mean"] == 1.0
    assert [found[name] for name in MEASURES[1:]] == [0, 0, 0, None, None, 0, None]


events = st.builds(
    lambda url, referrer: {"url": url, "referrer": referrer},
    st.sampled_from([None, "/a", "/a/1", "/a/2", "/b?x=1"]),
    st.sampled_from([None, "https://shop.example/a", "/b"]),
)
steps = st.lists(st.tuples(events, st.sampled_from([0.0, 0.01, 0.4, 2.0, 9.0])), min_size=1, max_size=30)


@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_within_eight_events(
    drawn: list[tuple[Event, float]], random: Random
) -> None:
    told = [{"event_id": str(number), **event} for number, (event, _) in enumerate(drawn)]
    now = 0.0
    for number, (event, (_, step)) in enumerate(zip(told, drawn, strict=True)):
        now += step + 1e-3
        event["ts"] = now
        event["number"] = number
    shuffled = sorted(told, key=lambda one: one["number"] + random.uniform(0.0, caps.STEPS - 1))
    assert measured(*told) == measured(*shuffled)


@given(steps, steps, st.sampled_from([11.0, 13.0, 19.0]))
def test_a_merge_of_few_events_measures_what_one_session_of_all_does(
    early: list[tuple[Event, float]], late: list[tuple[Event, float]], apart: float
) -> None:
    now, told = 0.0, []
    for event, step in early:
        now += step + 1e-3
        told.append((now, event))
    bridge: tuple[float, Event] = (now + apart / 2, {})
    now += apart
    for event, step in late[: caps.STEPS - 1]:
        told.append((now, event))
        now += step + 1e-3
    results = []
    for order in ([*told, bridge], sorted([*told, bridge], key=lambda one: one[0])):
        task = new_task(WIDE, Words())
        log = [
            event_record(offset, "ann", DAY_1 + ts, DAY_1 + 1_000, **{"event_id": str(ts)} | event)
            for offset, (ts, event) in enumerate(order)
        ]
        outputs = run(task, [*log, mark(len(log), DAY_1 + 1e5)]).outputs
        results.append([{name: one[name] for name in MEASURES} for one in sessions(outputs) if one["final"]][-1])
        assert (task.fold.accounts.merged == 1) is (order[-1] is bridge)
    for name in ("most_of_one_template", "immediate_repeats", "follows", "zero_gaps", "gap_median_s", "path_depth"):
        assert results[0][name] == results[1][name]
    assert results[0]["gaps"] == pytest.approx(results[1]["gaps"], abs=2e-6)


def test_a_merge_before_settled_steps_adds_the_distance_between_the_two() -> None:
    driver = Driver(new_task(WIDE))
    for number in range(20):
        driver.send("ann", 100.0 + number, url="/a", event_id=f"late-{number}", appended_s=1_000.0)
    driver.send("ann", 84.0, url="/b", event_id="early", appended_s=1_000.0)
    driver.send("ann", 92.0, url="/c", event_id="bridge", appended_s=1_000.0)
    driver.mark(100_000.0)
    final = driver.finals()[-1]
    # From 84 to 100 at the merge, then from 92 to 112, the oldest that is remembered.
    assert (final["events"], final["gaps"]["maximum"]) == (22, 20.0)
    assert final["gaps"]["mean"] == pytest.approx((19 + 16 + 20) / 21, abs=1e-6)


def test_what_is_remembered_survives_its_bytes() -> None:
    driver = Driver(new_task(CONFIG))
    for number in range(12):
        driver.send(
            "ann", float(number), url=f"/a/{number % 3}", referrer="/a/1", event_id=str(number), appended_s=99.0
        )
    visitor = driver.task.fold.visitors.at("ann")
    again = decode_visitor(encode_visitor(visitor))
    assert isinstance(again, VisitorState)
    assert isinstance(again.sessions[0], OpenSession)
    assert [to_wire(one) for one in again.sessions] == [to_wire(one) for one in visitor.sessions]
    assert (again.seen, again.buckets) == (visitor.seen, visitor.buckets)


def test_a_path_is_the_same_whatever_host_query_and_case() -> None:
    assert path_info("https://shop.example/Item/7/?x=1#top") == path_info("/item/7")
