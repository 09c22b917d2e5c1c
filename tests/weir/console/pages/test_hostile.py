from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.support.console import ConsoleAtHand, fill, session
from weir.contracts import Action
from weir.topics import ACTIONS, SESSIONS

LONG = "9" * 5_000


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("/sessions?q=", "http://[x", 200),
        ("/sessions?since=", "²", 400),
        ("/sessions?after=", "1,99999999999999999999", 200),
        ("/audit?before=", "yesterday", 400),
        ("/audit?before=", LONG, 400),
        ("/audit?until=", "²", 400),
        ("/rules?from=", LONG, 200),
        ("/models?before=", LONG, 200),
    ],
)
def test_no_parameter_makes_a_page_fail(at_hand: ConsoleAtHand, path: str, value: str, status: int) -> None:
    fill(at_hand.store, 1)
    assert at_hand.browser.get(path + quote(value)).status_code == status


def test_a_form_in_an_encoding_that_halves_characters_is_taken_as_text(at_hand: ConsoleAtHand) -> None:
    fields = {"token": at_hand.token(), "action": "a" * 32, "session": "\\ud800", "kind": "good"}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    kind = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    answer = at_hand.browser.post("/review/answer", content="".join(parts) + "--x--\r\n", headers=kind)
    assert answer.status_code == 400
    assert "does not have this session" in answer.text


@pytest.mark.parametrize("search", [{"q": "http://[x"}, {"since": "never"}, {"since": "²"}])
def test_a_kept_queue_that_cant_be_asked_takes_no_other_one_away(
    at_hand: ConsoleAtHand, search: dict[str, str]
) -> None:
    fill(at_hand.store, 1)
    for number, asked in enumerate((search, {"verdict": "block"})):
        details = {"name": f"q{number}", "search": asked}
        action = Action(action_id=f"a{number}", at=1.0 + number, who="ben", kind="save_queue", why="", details=details)
        at_hand.store.feed(ACTIONS, action)
    answer = at_hand.browser.get("/review")
    assert answer.status_code == 200
    assert "q1" in answer.text


def test_a_record_with_a_number_that_the_store_cant_hold_is_passed_over(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(SESSIONS, session("poison", "v0", revision=2**63))
    at_hand.store.feed(SESSIONS, session("after", "v0"))
    found = at_hand.browser.get("/sessions?format=json").json()["sessions"]
    assert [one["session_id"] for one in found] == ["after"]


def test_a_session_whose_address_is_longer_than_an_events_may_be_is_shown(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(SESSIONS, session("long", "v0", entry_url="/" + "x" * 70_000))
    assert at_hand.browser.get("/session?id=long").status_code == 200


def test_taking_back_an_older_answer_leaves_the_newer_one_on_the_session(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 1)
    for number, kind in enumerate(("bad", "good")):
        at_hand.post("/review/answer", {"action": f"{number:032x}", "session": "s0", "kind": kind})
    assert at_hand.post("/review/undo", {"action": "a" * 32, "undoes": f"{0:032x}"}).status_code == 303
    said = [row["label"] for row in at_hand.store.reader.rows("SELECT label FROM labels ORDER BY offset")]
    assert said == ["bad", "good"]
    assert at_hand.post("/review/undo", {"action": "b" * 32, "undoes": f"{1:032x}"}).status_code == 303
    said = [row["label"] for row in at_hand.store.reader.rows("SELECT label FROM labels ORDER BY offset")]
    assert said == ["bad", "good", "withdrawn"]
