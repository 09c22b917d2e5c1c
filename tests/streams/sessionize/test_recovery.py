from __future__ import annotations

import json

import msgspec
import pytest

from streams.sessionize.config import FOLD_VERSION, FoldConfig
from streams.sessionize.task import SessionizeTask
from streams.task import Effects
from tests.streams.sessionize.driving import (
    DAY_1,
    SMALL,
    Driver,
    Words,
    event_record,
    library_of,
    new_task,
    recover,
    sessions,
    state_of,
    watermark_record,
)
from weir.contracts import Watermark
from weir.errors import WorkError
from weir.topics import EVENTS


def idle(task: SessionizeTask, now_s: float) -> Effects:
    effects = Effects()
    task.tick(DAY_1 + now_s, effects)
    return effects


def test_state_keys_have_a_type_byte_so_no_visitor_looks_like_a_marker() -> None:
    driver = Driver()
    for visitor in ("a", "m", "p", "v", "", "vm"):
        if visitor:
            driver.send(visitor, 0.0)
    assert sorted(state_of(driver.task)) == [b"a", b"va", b"vm", b"vp", b"vv", b"vvm"]


def test_changes_are_those_since_the_last_call() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("bob", 1.0)
    assert {key for key, _ in driver.task.changes()} == {b"a", b"vann", b"vbob"}
    assert not list(driver.task.changes())
    driver.send("bob", 2.0)
    assert {key for key, _ in driver.task.changes()} == {b"a", b"vbob"}


def test_visitors_whose_last_session_closed_are_tombstones() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    list(driver.task.changes())
    driver.mark(100.0)
    assert dict(driver.task.changes())[b"vann"] is None


def test_visitors_that_came_and_went_between_two_checkpoints_leave_no_trace() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.mark(100.0)
    assert {key for key, _ in driver.task.changes()} == {b"a"}


def test_a_visitor_that_went_and_came_back_is_no_tombstone() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    list(driver.task.changes())
    driver.send("ann", 100.0)
    assert dict(driver.task.changes())[b"vann"] is not None
    driver.mark(200.0)
    assert dict(driver.task.changes())[b"vann"] is None


def test_a_recovered_task_goes_on_where_the_old_one_stood() -> None:
    driver = Driver()
    for number in range(5):
        driver.send(f"v{number % 3}", float(number))
    state = state_of(driver.task)
    other = recover(SessionizeTask(0, 1, SMALL, library_of(Words())), state)
    other.recovered()
    assert other.progress() == driver.task.progress()
    again = Driver(other, driver.offset)
    assert again.send("v1", 50.0) == driver.send("v1", 50.0)
    assert state_of(other, dict(state)) == state_of(driver.task, dict(state))


def test_until_recovered_the_config_in_the_state_holds() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    wider = FoldConfig(gap_s=100.0, grace_s=5.0)
    task = recover(SessionizeTask(0, 1, wider, library_of(Words())), state_of(driver.task))
    again = Driver(task, driver.offset)
    again.send("ann", 11.0)
    assert task.fold.accounts.open == 2
    task.recovered()
    again.send("ann", 70.0)
    assert task.fold.accounts.merged == 1
    assert task.fold.config == wider
    assert json.loads(dict(task.changes())[b"a"] or b"")["config"]["gap_s"] == 100.0


def test_a_stretch_is_folded_again_with_the_packs_that_it_was_folded_with() -> None:
    old, new = Words(("admin",), "1"), Words(("shop",), "2")
    driver = Driver(new_task(SMALL, old))
    driver.send("ann", 0.0)
    state = state_of(driver.task)
    config = msgspec.structs.replace(SMALL, packs=dict(new.versions))
    task = recover(SessionizeTask(0, 1, config, library_of(old, new)), state)
    again = Driver(task, driver.offset)
    (before,) = sessions(again.send("ann", 1.0, url="/admin/shop"))
    task.recovered()
    (after,) = sessions(again.send("ann", 2.0, url="/admin/shop"))
    assert list(before["heuristics"]) == ["admin"]
    assert after["heuristics"] == {"admin": {"hits": 1, "version": "1"}, "shop": {"hits": 1, "version": "2"}}


def test_a_shorter_gap_closes_what_is_due_at_the_next_record() -> None:
    driver = Driver(new_task(FoldConfig(gap_s=100.0, grace_s=0.0)))
    driver.send("ann", 0.0)
    driver.send("bob", 50.0)
    task = recover(SessionizeTask(0, 1, SMALL, library_of(Words())), state_of(driver.task))
    task.recovered()
    (closed, _) = sessions(Driver(task, driver.offset).send("bob", 51.0))
    assert (closed["visitor_id"], closed["final"]) == ("ann", True)


@pytest.mark.parametrize("value", [b"", b"{", b"{}"])
def test_a_state_that_cannot_be_read_stops_the_worker(value: bytes) -> None:
    with pytest.raises(WorkError, match="can't be read"):
        new_task().load(b"a", value)


def test_a_state_of_another_fold_version_stops_the_worker() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, fold_version=FOLD_VERSION + 1)))
    driver.send("ann", 0.0)
    with pytest.raises(WorkError, match="fold version"):
        recover(new_task(), state_of(driver.task))


def test_a_visitor_that_cannot_be_read_stops_the_worker() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    with pytest.raises(WorkError, match="can't be read"):
        recover(new_task(), state_of(driver.task) | {b"vann": b"\x93\x01"})


def test_silence_moves_the_watermark_by_the_time_that_has_passed() -> None:
    driver = Driver()
    driver.send("ann", 0.0, appended_s=1_000.0)
    assert not idle(driver.task, 1_059.0).outputs
    (output,) = idle(driver.task, 1_061.5).outputs
    assert (output.topic, output.key, output.partition) == (EVENTS, None, 0)
    assert output.headers == (("weir-watermark", b"idle"),)
    assert Watermark.model_validate_json(output.value or b"") == Watermark(watermark=DAY_1 + 61.5, kind="idle")


def test_an_idle_watermark_is_not_repeated_until_something_arrives() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    assert idle(driver.task, 100.0).outputs
    assert not idle(driver.task, 10_000.0).outputs
    driver.mark(1.0, appended_s=100.0)
    assert not idle(driver.task, 159.0).outputs
    assert idle(driver.task, 160.0).outputs


def test_any_record_ends_the_silence() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.take(event_record(1, "", DAY_1, DAY_1 + 50.0))
    assert driver.task.fold.accounts.dead_letter == 1
    assert not idle(driver.task, 109.0).outputs
    assert idle(driver.task, 110.0).outputs


def test_without_open_sessions_silence_is_left_alone() -> None:
    driver = Driver()
    assert not idle(driver.task, 10_000.0).outputs
    driver.send("ann", 0.0)
    driver.mark(100.0)
    assert not idle(driver.task, 10_000.0).outputs


def test_a_recovered_task_knows_how_long_it_has_been_silent() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    task = recover(SessionizeTask(0, 1, SMALL, library_of(Words())), state_of(driver.task))
    task.recovered()
    assert not idle(task, 59.0).outputs
    assert idle(task, 60.0).outputs


def test_gauges_show_open_sessions_and_the_watermark() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("bob", 2.0)
    assert driver.effects[-1].gauges == {
        ("sessions_open", ("0",)): 2,
        ("watermark_timestamp_seconds", ("0",)): DAY_1 + 2.0,
    }
    assert driver.counts("session_revisions") == {(): 2}
    assert driver.counts("events_by_type") == {("page_view",): 2}


def test_a_recovered_task_shows_open_sessions_before_any_event() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("bob", 2.0)
    task = recover(SessionizeTask(0, 1, SMALL, library_of(Words())), state_of(driver.task))
    task.recovered()
    shown = idle(task, 2.0).gauges
    assert {name: value for name, value in shown.items() if name in driver.effects[-1].gauges} == (
        driver.effects[-1].gauges
    )


def test_types_that_weir_does_not_know_are_one_label() -> None:
    driver = Driver()
    driver.send("ann", 0.0, type="mine")
    driver.send("ann", 0.0, type="yours")
    assert driver.counts("events_by_type") == {("other",): 2}


def test_a_worker_whose_clock_is_ahead_moves_time_by_what_passes_and_not_by_its_lead_again_and_again() -> None:
    driver, lead_s = Driver(new_task(FoldConfig())), 200.0
    driver.send("ann", -86_400.0, appended_s=0.0)
    told = []
    for now_s in range(1, 200):
        for output in idle(driver.task, now_s + lead_s).outputs:
            mark = Watermark.model_validate_json(output.value or b"").watermark
            told.append((now_s, mark - DAY_1 + 86_400.0))
            driver.take(watermark_record(driver.offset, mark, DAY_1 + now_s))
    assert told == [(1, 201.0), (61, 261.0), (121, 321.0), (181, 381.0)]
    assert driver.task.fold.accounts.open == 1


def test_a_silence_after_an_idle_watermark_is_told_again_when_it_has_lasted_as_long() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    (first,) = idle(driver.task, 60.0).outputs
    driver.take(watermark_record(driver.offset, DAY_1 + 1.0, DAY_1 + 60.0))
    assert not idle(driver.task, 119.0).outputs
    (second,) = idle(driver.task, 120.0).outputs
    assert [Watermark.model_validate_json(one.value or b"").watermark for one in (first, second)] == [
        DAY_1 + 60.0,
        DAY_1 + 61.0,
    ]


def test_a_worker_says_which_settings_its_last_owner_had_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    state = state_of(driver.task)
    recover(new_task(SMALL), state).recovered()
    assert not caplog.records
    task = recover(new_task(msgspec.structs.replace(SMALL, gap_s=7.0)), state)
    task.recovered()
    task.renew()
    (told,) = caplog.messages
    assert "settings of sessionize differ from the last owner's: partition=0: gap_s (10.0" in told
    assert "now 7.0)" in told


@pytest.mark.parametrize("visitor", ["ann", "bob"])
def test_a_state_from_which_somebody_took_a_visitor_away_is_refused(visitor: str) -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("bob", 0.0)
    driver.send("bob", 12.0)
    state = state_of(driver.task)
    assert recover(new_task(), state).fold.accounts.open == 3
    del state[b"v" + visitor.encode()]
    with pytest.raises(WorkError, match="is incomplete: it counts 3 open sessions"):
        recover(new_task(), state)
