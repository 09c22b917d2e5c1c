from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.streams.sessionize.driving import SMALL, Driver, new_task


def test_an_event_sent_twice_counts_once() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    assert not driver.send("ann", 0.0, event_id="a")
    assert driver.counts("events") == {("folded",): 1, ("duplicate",): 1}


def test_the_time_of_a_duplicate_does_not_matter() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    driver.send("ann", 3.0, event_id="a")
    assert driver.task.fold.accounts.duplicate == 1


def test_a_duplicate_does_not_move_the_watermark() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    before = driver.task.fold.watermark
    driver.send("ann", 9.0, event_id="a")
    assert driver.task.fold.watermark == before


@pytest.mark.parametrize(
    "other",
    [
        {"type": "click"},
        {"url": "/b"},
        {"item_id": "i"},
        {"value": 1.0},
        {"query": "q"},
        {"title": "t"},
        {"text": "t"},
    ],
)
def test_a_reused_event_id_with_other_content_is_another_event(other: dict[str, Any]) -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a", url="/a")
    driver.send("ann", 0.0, **({"event_id": "a", "url": "/a"} | other))
    assert driver.task.fold.accounts.folded == 2


def test_no_content_can_look_like_another_events_id() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="ab", type="c")
    driver.send("ann", 0.0, event_id="a", type="bc")
    driver.send("ann", 0.0, event_id="a", type="b", url="c")
    driver.send("ann", 0.0, event_id="a", type="b", query="c")
    assert driver.task.fold.accounts.folded == 4


def test_another_visitors_event_is_no_duplicate() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    driver.send("bob", 0.0, event_id="a")
    assert driver.task.fold.accounts.folded == 2


def test_fingerprints_go_with_their_session() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    driver.send("ann", 12.0, event_id="b")
    driver.mark(20.0)
    driver.send("ann", 12.0, event_id="a")
    driver.send("ann", 12.0, event_id="b")
    accounts = driver.task.fold.accounts
    assert (accounts.folded, accounts.duplicate) == (3, 1)


def test_fingerprints_of_a_merged_session_are_kept() -> None:
    driver = Driver()
    driver.send("ann", 0.0, event_id="a")
    driver.send("ann", 12.0, event_id="b")
    driver.send("ann", 6.0, event_id="c")
    for name in "abc":
        driver.send("ann", 6.0, event_id=name)
    assert driver.task.fold.accounts.duplicate == 3


def test_only_the_newest_fingerprints_of_a_visitor_are_kept() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, max_session_events=1000)))
    for number in range(9):
        driver.send("ann", 0.0, event_id=f"n{number}")
    driver.send("ann", 0.0, event_id="n1")
    assert driver.task.fold.accounts.duplicate == 1
    driver.send("ann", 0.0, event_id="n0")
    assert driver.task.fold.accounts.folded == 10


def test_many_more_events_than_fingerprints_stay_cheap_and_exact() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, max_session_events=10_000, max_fingerprints=50)))
    for number in range(5_000):
        driver.send("ann", number / 1000, event_id=f"n{number}")
    for number in range(4_950, 5_000):
        driver.send("ann", 5.0, event_id=f"n{number}")
    assert driver.task.fold.accounts.duplicate == 50
    driver.send("ann", 5.0, event_id="n4949")
    assert driver.task.fold.accounts.duplicate == 50
