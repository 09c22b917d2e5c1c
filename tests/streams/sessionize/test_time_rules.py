from __future__ import annotations

from streams.sessionize.config import FoldConfig
from tests.streams.sessionize.driving import (
    DAY_1,
    Driver,
    late_events,
    new_task,
    record,
    sessions,
    watermark_record,
)


def test_events_at_most_the_gap_apart_belong_together() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("ann", 10.0)
    assert driver.task.fold.accounts.open == 1


def test_events_further_apart_than_the_gap_make_two_sessions() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("ann", 10.001)
    assert driver.task.fold.accounts.open == 2


def test_a_session_closes_when_the_watermark_is_beyond_gap_and_grace() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    assert sessions(driver.send("bob", 15.0))[-1]["visitor_id"] == "bob"
    assert not driver.finals()
    closed, opened = sessions(driver.send("bob", 15.5))[0], driver.all_sessions()[-1]
    assert (closed["visitor_id"], closed["final"], closed["split"], closed["merged_into"]) == ("ann", True, False, None)
    assert opened["visitor_id"] == "bob"


def test_due_sessions_close_before_the_event_that_raised_the_watermark_folds() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    first, second = sessions(driver.send("ann", 100.0))
    assert first["final"]
    assert not second["final"]
    assert first["session_id"] != second["session_id"]


def test_sessions_close_in_the_order_of_end_visitor_and_opening() -> None:
    driver = Driver()
    for visitor, ts in (("dan", 3.0), ("bob", 1.0), ("cat", 1.0), ("ann", 2.0), ("eve", 1.5)):
        driver.send(visitor, ts)
    driver.send("bob", 2.5)
    driver.mark(1000.0)
    assert [one["visitor_id"] for one in driver.finals()] == ["cat", "eve", "ann", "bob", "dan"]


def test_sessions_that_grew_close_by_their_new_end() -> None:
    driver = Driver(new_task(FoldConfig(gap_s=10.0, grace_s=5.0)))
    driver.send("ann", 0.0)
    driver.send("bob", 1.0)
    for ts in range(2, 200, 2):
        driver.send("ann", float(ts))
    assert [(one["visitor_id"], one["end"]) for one in driver.finals()] == [("bob", DAY_1 + 1.0)]
    driver.mark(1000.0)
    assert [(one["visitor_id"], one["end"]) for one in driver.finals()][1:] == [("ann", DAY_1 + 198.0)]


def test_a_straggler_within_gap_and_grace_still_counts() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("bob", 15.0)
    driver.send("cat", 0.0)
    assert driver.task.fold.accounts.late == 0


def test_an_event_whose_session_would_have_closed_goes_to_late_as_received() -> None:
    driver = Driver()
    driver.send("bob", 15.0)
    (output,) = driver.send("cat", -0.5, appended_s=16.0)
    (late,) = late_events([output])
    assert late.key == b"cat"
    assert late.value == b'{"event_id": "e1", "visitor_id": "cat", "type": "page_view", "ts": 1749999999.5}'
    assert dict(late.headers) == {
        "topic": b"weir.events",
        "partition": b"0",
        "offset": b"1",
        "timestamp": b"1750000016000",
    }
    assert driver.task.fold.accounts.late == 1


def test_an_old_event_within_the_gap_of_an_open_session_is_not_late() -> None:
    driver = Driver()
    driver.send("ann", 1.0)
    driver.send("bob", 15.0)
    driver.send("ann", -8.0)
    assert driver.task.fold.accounts.late == 0
    assert driver.task.fold.accounts.open == 2


def test_lateness_is_judged_by_the_watermark_before_the_event() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    driver.send("ann", 500.0)
    assert driver.task.fold.accounts.late == 0


def test_a_late_event_neither_moves_the_watermark_nor_is_remembered() -> None:
    driver = Driver()
    driver.send("bob", 100.0)
    driver.send("cat", 0.0, event_id="same")
    driver.send("cat", 0.0, event_id="same")
    assert driver.task.fold.accounts.late == 2
    assert driver.task.fold.watermark == DAY_1 + 100.0


def test_an_event_far_ahead_of_its_append_time_is_clamped_to_it() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    (opened,) = sessions(driver.send("bob", 31_536_000.0, appended_s=5.0))
    assert opened["start"] == DAY_1 + 5.0
    assert driver.counts("events_clamped") == {(): 1}
    assert driver.task.fold.watermark == DAY_1 + 5.0


def test_an_event_far_ahead_that_comes_again_after_its_session_closed_opens_another_of_the_same_id() -> None:
    driver = Driver()
    (opened,) = sessions(driver.send("bob", 31_536_000.0, appended_s=5.0, event_id="one"))
    (closed,) = sessions(driver.mark(500.0))
    (again,) = sessions(driver.send("bob", 31_536_000.0, appended_s=600.0, event_id="one"))
    assert closed["final"]
    assert again["start"] == DAY_1 + 600.0
    assert (again["session_id"], again["revision"]) == (opened["session_id"], 1)


def test_an_event_just_within_the_allowance_keeps_its_time() -> None:
    driver = Driver()
    (opened,) = sessions(driver.send("bob", 300.0, appended_s=0.0))
    assert opened["start"] == DAY_1 + 300.0


def test_a_watermark_record_closes_what_is_due() -> None:
    driver = Driver()
    driver.send("ann", 0.0)
    (closed,) = sessions(driver.mark(15.000001))
    assert closed["final"]
    assert driver.task.fold.accounts.watermark == 1


def test_readers_of_watermarks_take_the_maximum() -> None:
    driver = Driver()
    driver.send("ann", 20.0)
    driver.mark(3.0)
    assert driver.task.fold.watermark == DAY_1 + 20.0


def test_a_watermark_is_clamped_like_an_event() -> None:
    driver = Driver()
    driver.mark(31_536_000.0, appended_s=7.0)
    assert driver.task.fold.watermark == DAY_1 + 7.0


def test_a_malformed_watermark_is_a_dead_letter() -> None:
    driver = Driver()
    good = watermark_record(0, DAY_1)
    for offset, value in enumerate((None, b"", b"{}", b"[" * 100_000, b'{"watermark": NaN, "kind": "idle"}', b"\xff")):
        (letter,) = driver.take(record(value, offset, key=None, appended_s=DAY_1, headers=good.headers))
        assert dict(letter.headers)["reason"] == b"bad_watermark"
    assert driver.task.fold.accounts.dead_letter == 6
    assert driver.task.fold.accounts.watermark == 0
