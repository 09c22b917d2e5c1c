from __future__ import annotations

import msgspec

from streams.sessionize.config import FoldConfig
from tests.streams.sessionize.driving import DAY_1, SMALL, Driver, new_task, sessions


def test_an_event_between_two_sessions_merges_them_into_the_first_opened() -> None:
    driver = Driver()
    (late_part,) = sessions(driver.send("ann", 12.0))
    (early_part,) = sessions(driver.send("ann", 0.0))
    other, merged = sessions(driver.send("ann", 6.0))
    assert (other["session_id"], other["final"], other["merged_into"]) == (
        early_part["session_id"],
        True,
        late_part["session_id"],
    )
    assert other["events"] == 1
    assert (merged["session_id"], merged["final"], merged["events"]) == (late_part["session_id"], False, 3)
    assert (merged["start"], merged["end"]) == (DAY_1, DAY_1 + 12.0)
    assert driver.counts("sessions") == {("opened",): 2, ("merged",): 1}


def test_an_event_too_many_splits_the_session() -> None:
    driver = Driver()
    for ts in range(6):
        driver.send("ann", float(ts))
    closed, opened = sessions(driver.send("ann", 6.0))
    assert (closed["final"], closed["split"], closed["events"]) == (True, True, 6)
    assert (opened["final"], opened["split"], opened["events"], opened["revision"]) == (False, False, 1, 1)
    assert opened["session_id"] != closed["session_id"]


def test_an_event_that_makes_a_session_too_long_splits_it() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, max_session_events=100)))
    for ts in range(0, 61, 10):
        driver.send("ann", float(ts))
    assert driver.task.fold.accounts.split == 0
    closed, opened = sessions(driver.send("ann", 60.5))
    assert closed["split"]
    assert closed["duration_s"] == 60.0
    assert opened["start"] == DAY_1 + 60.5


def test_a_split_part_neither_reopens_nor_merges() -> None:
    driver = Driver()
    for ts in range(7):
        driver.send("ann", float(ts))
    driver.send("ann", 3.5)
    assert driver.task.fold.accounts.open == 1
    assert driver.task.fold.accounts.merged == 0


def test_a_successor_inherits_the_fingerprints_of_the_split_part() -> None:
    driver = Driver()
    for ts in range(7):
        driver.send("ann", float(ts), event_id=f"n{ts}")
    driver.send("ann", 8.0, event_id="n2")
    assert driver.task.fold.accounts.duplicate == 1


def test_a_merge_that_would_break_a_bound_does_not_happen() -> None:
    driver = Driver()
    for ts in (0.0, 0.1, 0.2):
        driver.send("ann", ts)
    for ts in (12.0, 12.1, 12.2):
        driver.send("ann", ts)
    first = driver.all_sessions()[0]["session_id"]
    driver.send("ann", 6.0)
    assert driver.task.fold.accounts.merged == 0
    published = [one for one in driver.all_sessions() if one["events"] == 4]
    assert [one["session_id"] for one in published] == [first]


def test_where_the_first_opened_has_no_room_the_next_in_reach_takes_the_event() -> None:
    driver = Driver()
    for ts in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
        driver.send("ann", ts)
    (second,) = sessions(driver.send("ann", 11.0))
    (grown,) = sessions(driver.send("ann", 6.0))
    assert grown["session_id"] == second["session_id"]
    assert grown["events"] == 2
    assert driver.task.fold.accounts.split == 0


def test_where_none_has_room_the_first_opened_in_reach_is_split() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, max_session_events=2)))
    first = sessions(driver.send("ann", 0.0))[0]
    driver.send("ann", 0.1)
    driver.send("ann", 11.0)
    driver.send("ann", 11.1)
    closed, opened = sessions(driver.send("ann", 6.0))
    assert closed["session_id"] == first["session_id"]
    assert closed["split"]
    assert opened["events"] == 1
    assert driver.task.fold.accounts.open == 2


def test_a_session_opened_before_another_of_the_same_visitor_closes_in_time() -> None:
    driver = Driver()
    driver.send("ann", 14.0)
    driver.send("ann", 0.0)
    driver.send("bob", 15.5)
    assert [one["end"] for one in driver.finals()] == [DAY_1]
    driver.mark(100.0)
    assert [one["end"] for one in driver.finals()] == [DAY_1, DAY_1 + 14.0, DAY_1 + 15.5]


def test_a_session_opened_behind_one_that_is_about_to_close_closes_too() -> None:
    driver = Driver()
    driver.send("ann", 0.2)
    driver.send("bob", 15.1)  # the second that ann's session ends in is being sorted now
    driver.send("ann", 12.0)
    driver.mark(16.0)
    driver.mark(100.0)
    assert [(one["visitor_id"], one["end"] - DAY_1 > 1) for one in driver.finals()] == [
        ("ann", False),
        ("ann", True),
        ("bob", True),
    ]


def test_a_closed_session_does_not_merge() -> None:
    driver = Driver(new_task(FoldConfig(gap_s=10.0, grace_s=0.0)))
    driver.send("ann", 0.0)
    driver.send("ann", 10.5)
    driver.send("ann", 5.0)
    assert driver.task.fold.accounts.merged == 0
    assert driver.task.fold.accounts.closed == 1
    assert driver.task.fold.accounts.open == 1
