from __future__ import annotations

import re

from tests.support.console import ConsoleAtHand, fill, review, session
from weir.topics import REVIEWS, SESSIONS


def action_in(page: str) -> str:
    """The id that the page chose for the answer."""
    found = re.search(r'data-answer>.*?name="action" value="([0-9a-f]{32})"', page, re.DOTALL)
    assert found is not None, page
    return found[1]


def session_in(page: str) -> str:
    found = re.search(r'name="session" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_an_answer_writes_a_label_and_an_action_once_though_it_is_sent_twice(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 1)
    page = at_hand.browser.get("/review").text
    form = {"action": action_in(page), "session": session_in(page), "kind": "bad", "category": "spam", "queue": "all"}
    assert at_hand.post("/review/answer", form).status_code == 303
    assert at_hand.post("/review/answer", form).status_code == 303
    assert [(one.kind, one.label, one.category, one.who) for one in at_hand.actions.written] == [
        ("answer", "bad", "spam", "ana")
    ]
    assert [row["label"] for row in at_hand.store.reader.rows("SELECT * FROM labels")] == ["bad"]
    assert "No question is left" in at_hand.browser.get("/review").text


def test_an_undone_answer_withdraws_its_label_and_asks_again(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 1)
    answered = action_in(at_hand.browser.get("/review").text)
    at_hand.post("/review/answer", {"action": answered, "session": "s0", "kind": "good", "queue": "all"})
    at_hand.post("/review/undo", {"action": "b" * 32, "undoes": answered, "queue": "all"})
    assert [row["label"] for row in at_hand.store.reader.rows("SELECT * FROM labels")] == ["good", "withdrawn"]
    assert session_in(at_hand.browser.get("/review").text) == "s0"


def test_a_skip_is_remembered_for_who_skipped_and_undone_again(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 1)
    skipped = action_in(at_hand.browser.get("/review").text)
    at_hand.post("/review/answer", {"action": skipped, "session": "s0", "kind": "skip", "queue": "all"})
    assert "No question is left" in at_hand.browser.get("/review").text
    assert not at_hand.store.reader.rows("SELECT * FROM labels")
    at_hand.post("/review/undo", {"action": "c" * 32, "undoes": skipped, "queue": "all"})
    assert session_in(at_hand.browser.get("/review").text) == "s0"


def test_two_browsers_are_never_asked_the_same_question(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 2)
    other = at_hand.new_browser()
    at_hand.token(other)
    first, second = at_hand.browser.get("/review").text, other.get("/review").text
    assert {session_in(first), session_in(second)} == {"s0", "s1"}
    # A page that is loaded again stays at its question.
    assert session_in(at_hand.browser.get("/review").text) == session_in(first)


def test_a_saved_search_is_a_queue_with_its_count(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 3)
    done = at_hand.post("/review/queues", {"action": "d" * 32, "name": "strays", "verdict": "review"})
    assert done.headers["location"] == "/review?queue=saved-strays"
    page = at_hand.browser.get("/review?queue=saved-strays").text
    assert re.search(r"strays</span> <b>1</b>", page)
    assert session_in(page) == "s1"
    at_hand.post("/review/queues", {"action": "e" * 32, "name": "strays", "kind": "remove_queue"})
    assert "strays" not in at_hand.browser.get("/review").text


def test_contradictions_come_before_doubts(at_hand: ConsoleAtHand) -> None:
    fill(at_hand.store, 1)
    at_hand.store.feed(SESSIONS, session("contested", "v9"))
    at_hand.store.feed(REVIEWS, review("contested", "v9", why="conflict", score=None))
    assert session_in(at_hand.browser.get("/review").text) == "contested"


def test_whose_answers_decide_nothing_is_told_so(at_hand: ConsoleAtHand) -> None:
    assert "decide nothing" in at_hand.browser.get("/review").text
