from __future__ import annotations

from typing import Any

from streams.sessionize.config import FoldConfig
from tests.streams.sessionize.driving import DAY_1, Driver, Words, new_task, sessions
from weir.contracts import Session
from weir.contracts.fast import encode
from weir.partitioner import partition_for
from weir.topics import SESSIONS

WIDE = FoldConfig()


def test_a_session_is_published_at_each_power_of_two() -> None:
    driver = Driver(new_task(WIDE))
    for number in range(20):
        driver.send("ann", float(number))
    assert [one["events"] for one in driver.all_sessions()] == [1, 2, 4, 8, 16]
    assert [one["revision"] for one in driver.all_sessions()] == [1, 2, 3, 4, 5]


def test_a_purchase_is_published() -> None:
    driver = Driver(new_task(WIDE))
    for number in range(4):
        driver.send("ann", float(number))
    (published,) = sessions(driver.send("ann", 5.0, type="purchase", value=3.0, currency="EUR"))
    assert (published["events"], published["purchases"]) == (5, 1)


def test_a_pattern_that_is_new_to_the_session_is_published_and_an_old_one_is_not() -> None:
    driver = Driver(new_task(WIDE, Words(("wp-admin", "etc"))))
    for number in range(4):
        driver.send("ann", float(number))
    (first,) = sessions(driver.send("ann", 5.0, url="/wp-admin"))
    assert first["heuristics"] == {"wp-admin": {"hits": 1, "version": "1"}}
    assert not driver.send("ann", 6.0, url="/wp-admin")
    (second,) = sessions(driver.send("ann", 7.0, url="/wp-admin/etc"))
    assert {name: hits["hits"] for name, hits in second["heuristics"].items()} == {"etc": 1, "wp-admin": 3}


def test_a_session_with_a_url_that_is_too_long_is_marked_and_holds_no_more_than_the_bound() -> None:
    driver = Driver(new_task(WIDE, Words(("wp-admin",))))
    for number in range(4):
        driver.send("ann", float(number))
    (marked,) = sessions(driver.send("ann", 5.0, url="/wp-admin" + "a" * 20_000, user_agent="x" * 3_000))
    assert {name: hits["hits"] for name, hits in marked["heuristics"].items()} == {
        "oversized/url": 1,
        "oversized/user_agent": 1,
        "wp-admin": 1,
    }
    assert (len(marked["entry_url"]), len(marked["exit_url"]), len(marked["user_agent"])) == (16_384, 16_384, 2_048)


def test_an_event_is_published_once_however_many_reasons_there_are() -> None:
    driver = Driver(new_task(WIDE, Words(("a", "b"))))
    assert len(driver.send("ann", 0.0, type="purchase", url="/ab")) == 1


def test_a_session_that_closes_is_published_once_more() -> None:
    driver = Driver(new_task(WIDE))
    driver.send("ann", 0.0)
    (final,) = sessions(driver.mark(10_000.0))
    assert (final["final"], final["revision"], final["events"]) == (True, 2, 1)


def test_a_record_says_where_its_last_event_lies() -> None:
    driver = Driver(new_task(WIDE))
    driver.send("ann", 0.0)
    driver.send("ann", 1.0)
    driver.send("ann", 2.0)
    driver.send("bob", 3.0)
    (final, _) = driver.mark(10_000.0)
    assert dict(final.headers) == {
        "partition": b"0",
        "offset": b"2",
        "appended_ms": b"%d" % ((DAY_1 + 2) * 1000),
        "packs": b"{}",
    }
    assert final.topic is SESSIONS
    assert (final.key, final.partition) == (b"ann", None)


def test_the_identity_is_fixed_by_the_opening_event_as_received() -> None:
    one, again, other = (Driver(new_task(WIDE)) for _ in range(3))
    one.send("ann", 0.0, event_id="a", url="/x")
    one.send("ann", -5.0, event_id="b")
    again.send("ann", 0.0, event_id="a", appended_s=100.0)
    other.send("ann", 0.5, event_id="a")
    ids = {one.all_sessions()[0]["session_id"], one.all_sessions()[1]["session_id"]}
    assert ids == {again.all_sessions()[0]["session_id"]}
    assert other.all_sessions()[0]["session_id"] not in ids


def test_records_are_canonical_and_as_the_contract_says() -> None:
    driver = Driver(new_task(WIDE, Words(("shop",))))
    fields: dict[str, Any] = {
        "account_id": "acc",
        "url": "/shop/ü",
        "referrer": "https://r.example",
        "user_agent": "UA",
        "ip": "192.0.2.1",
        "method": "GET",
        "status": 404,
        "bytes": 17,
        "item_id": "i1",
        "value": 2.5,
        "currency": "EUR",
        "query": "q",
        "title": "t",
        "text": "x",
    }
    outputs = [*driver.send("ann", 0.25, type="purchase", **fields), *driver.send("ann", 1.5), *driver.mark(10_000.0)]
    for output in outputs:
        assert output.value is not None
        model = Session.model_validate_json(output.value)
        assert not model.model_extra
        assert encode(model) == output.value
    names = list(sessions(outputs)[0])
    assert names == sorted(Session.model_fields)
    assert partition_for(outputs[0].key or b"", 1) == 0
