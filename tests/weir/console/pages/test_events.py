from __future__ import annotations

import html
import json
import shlex
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.console import ConsoleAtHand
from tests.support.polling import eventually
from weir.console.on_demand import MOST_FOUND, OnDemand, Read
from weir.errors import ClusterError
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import EVENTS

HOSTILE = '<script>alert(1)</script>"\u202e'


def event(event_id: str, visitor: str = "anna", **fields: object) -> bytes:
    return json.dumps(
        {"event_id": event_id, "visitor_id": visitor, "type": "click", "ts": time.time()} | fields
    ).encode()


def record(offset: int, value: bytes) -> LogRecord:
    return LogRecord("weir.events", 0, offset, 1_000, b"anna", value, ())


def reads(at_hand: ConsoleAtHand, *values: bytes, until: threading.Event | None = None) -> None:
    """Lets reading on demand find these, and end when it is told so."""

    def source(_: Settings, read: Read) -> Iterator[LogRecord]:
        read.total = len(values) + 1
        for offset, value in enumerate(values):
            read.done += 1
            yield record(offset, value)
        while until is not None and not until.wait(0.01):
            if read.is_cancelled:
                return

    at_hand.console.on_demand = OnDemand(at_hand.settings, source)


def test_the_newest_events_are_shown_where_nobody_asks_for_one(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(EVENTS, event("e1"))
    page = at_hand.browser.get("/events").text
    assert "Newest events" in page
    assert "/events?q=e1&amp;visitor=anna" in page


def test_what_visitors_wrote_is_shown_as_text(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(EVENTS, event(HOSTILE, HOSTILE, text=HOSTILE))
    for page in (
        at_hand.browser.get("/events").text,
        at_hand.browser.get("/events", params={"q": HOSTILE}).text,
    ):
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_command_to_copy_runs_nothing_that_a_visitor_wrote(at_hand: ConsoleAtHand) -> None:
    visitor = "a;reboot|$(id)'"
    at_hand.store.feed(EVENTS, event("e1", visitor))
    for path, parameters in (("/events", {"visitor": visitor}), ("/visitor", {"id": visitor})):
        page = html.unescape(at_hand.browser.get(path, params=parameters).text)
        assert f"weir show -- {shlex.quote(visitor)}" in page
        assert f"weir show {visitor}" not in page


def test_an_event_of_the_store_is_told_to_be_in_no_session_yet(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(EVENTS, event("e1"))
    page = at_hand.browser.get("/events?q=e1").text
    assert "no session" in page
    assert "derived" in page


def test_a_visitor_of_whom_the_store_has_nothing_is_read_from_the_topic_with_progress(at_hand: ConsoleAtHand) -> None:
    end = threading.Event()
    reads(at_hand, event("e7", url="/from-the-topic"), event("e8", "berta", url="/of-berta"), b"no JSON", until=end)
    path = "/events?visitor=anna"
    page = eventually(lambda: '<progress value="0.750" max="1">' in (text := at_hand.browser.get(path).text) and text)
    assert page
    assert '<meta http-equiv="refresh" content="1">' in page
    assert "1 events found" in page
    end.set()
    done = eventually(lambda: "refresh" not in (text := at_hand.browser.get(path).text) and text)
    assert done
    assert "/from-the-topic" in done
    assert "/of-berta" not in done


def test_who_stops_a_reading_is_shown_the_store_alone_and_may_read_again(at_hand: ConsoleAtHand) -> None:
    end = threading.Event()
    reads(at_hand, event("e7"), until=end)
    at_hand.browser.get("/events?visitor=anna&on_demand=1")
    stopped = at_hand.post("/events/stop", {"visitor": "anna"})
    assert stopped.headers["location"] == "/events?visitor=anna&q=&on_demand=0"
    page = at_hand.browser.get(stopped.headers["location"]).text
    assert "Read this visitor" in page
    assert "<progress" not in page
    again = at_hand.post("/events/stop", {"visitor": "anna", "again": "1"})
    assert again.headers["location"].endswith("on_demand=1")
    end.set()


def test_another_reading_of_the_same_person_takes_the_place_of_the_one_before(at_hand: ConsoleAtHand) -> None:
    end = threading.Event()
    reads(at_hand, until=end)
    first = at_hand.console.on_demand.read("ana", "anna")
    second = at_hand.console.on_demand.read("ana", "berta")
    assert at_hand.console.on_demand.read("ana", "berta") is second
    assert eventually(lambda: first.is_over)
    assert not second.is_over
    end.set()


def test_a_reading_ends_at_the_most_events_that_are_kept(at_hand: ConsoleAtHand) -> None:
    reads(at_hand, *(event(f"e{n}") for n in range(MOST_FOUND + 5)))
    read = at_hand.console.on_demand.read("ana", "anna")
    assert eventually(lambda: read.is_over)
    assert (len(read.found), read.is_cut) == (MOST_FOUND, True)


def test_a_cluster_that_is_away_is_told(at_hand: ConsoleAtHand) -> None:
    def source(_: Settings, __: Read) -> Iterator[LogRecord]:
        raise ClusterError("No broker answers.", "Start one.")

    at_hand.console.on_demand = OnDemand(at_hand.settings, source)
    assert eventually(lambda: "No broker answers. Start one." in at_hand.browser.get("/events?visitor=anna").text)


def test_results_are_forgotten_after_some_minutes(at_hand: ConsoleAtHand) -> None:
    now_s = [0.0]
    made = OnDemand(at_hand.settings, lambda *_: iter(()), lambda: now_s[0])
    read = made.read("ana", "anna")
    assert eventually(lambda: read.is_over)
    assert made.held("ana", "anna") is read
    now_s[0] = 3_600.0
    assert made.held("ana", "anna") is None


def test_an_event_too_large_for_the_store_is_read_by_its_place(
    at_hand: ConsoleAtHand,
) -> None:
    large = event("large", text="x" * 20_000)
    offset = at_hand.store.feed(EVENTS, large)
    page = at_hand.browser.get("/events?q=large").text
    assert f"/events?partition=0&amp;offset={offset}" in page
    at_hand.console.on_demand.event_at = lambda *_: record(offset, large)  # type: ignore[method-assign]  # no Kafka here
    assert "xxxx" in at_hand.browser.get(f"/events?partition=0&offset={offset}").text


def test_a_place_that_is_none_is_refused(at_hand: ConsoleAtHand) -> None:
    for place in ("partition=0&offset=x", "partition=0&offset=-1", "offset=" + "9" * 30, "partition=²&offset=1"):
        assert at_hand.browser.get(f"/events?{place}").status_code == 400


def test_programs_get_what_became_as_json(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(EVENTS, event("e1"))
    told = at_hand.browser.get("/events?q=e1&format=json").json()
    assert told["events"][0]["became"]["what"] == "no session"
    assert told["read"] is None


@pytest.mark.kafka
def test_the_topic_itself_is_read_in_the_visitors_partition_and_by_place(installation: Settings) -> None:
    sender = BulkSender(installation)
    for n in range(20):
        for visitor in ("anna", "berta", "cleo", "dora"):
            sender.send(Output(EVENTS, visitor.encode(), event(f"e{n}", visitor)))
    sender.flush()
    on_demand = OnDemand(installation)
    read = on_demand.read("ana", "anna")
    assert eventually(lambda: read.is_over)
    assert [one.event_id for one in read.found] == [f"e{n}" for n in range(20)]
    assert read.error is None
    assert read.done < 80
    found = on_demand.event_at(read.found[3].partition, read.found[3].offset)
    assert found is not None
    assert json.loads(found.value or b"")["event_id"] == "e3"
    assert on_demand.event_at(0, 1_000_000) is None
    assert on_demand.event_at(9, 0) is None
