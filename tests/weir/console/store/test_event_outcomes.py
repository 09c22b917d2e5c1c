from __future__ import annotations

import json
import time

import pytest

from streams.dead_letter import letter_headers
from tests.support.console import ConsoleAtHand, session
from weir.console.store.event_outcomes import Became, became
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.topics import DEAD_LETTER, EVENTS, LATE, SESSIONS

NOW_S = time.time()


def event(event_id: str, visitor: str = "anna", at_s: float = NOW_S, **fields: object) -> bytes:
    return json.dumps({"event_id": event_id, "visitor_id": visitor, "type": "click", "ts": at_s} | fields).encode()


def outcomes(at_hand: ConsoleAtHand, event_id: str, visitor: str = "") -> list[Became]:
    return became(at_hand.store.reader, event_id, visitor, "weir.events")


@pytest.fixture
def spanned(at_hand: ConsoleAtHand) -> ConsoleAtHand:
    """A store in which a session spans the present."""
    at_hand.store.feed(SESSIONS, session("s1", "anna", start=NOW_S - 10, end=NOW_S + 10))
    return at_hand


def test_of_an_event_that_is_not_there_nothing_is_told(at_hand: ConsoleAtHand) -> None:
    assert outcomes(at_hand, "e1") == []


def test_a_dead_letter_is_told_with_reason_detail_and_advice(spanned: ConsoleAtHand) -> None:
    offset = spanned.store.feed(EVENTS, event("e1"))
    origin = {"topic": "weir.events", "partition": "0", "offset": str(offset)}
    headers = letter_headers(DeadLetterReason.BAD_TS, "The detail.", origin)
    spanned.store.feed(DEAD_LETTER, event("e1"), headers=headers)
    (found,) = outcomes(spanned, "e1")
    assert found.outcome.what == "dead letter"
    assert "bad_ts" in found.outcome.said
    assert "The detail." in found.outcome.said
    assert found.outcome.advice == DeadLetterReason.BAD_TS.advice
    assert not found.outcome.is_derived


def test_a_dead_letter_is_found_though_the_store_never_had_its_event(at_hand: ConsoleAtHand) -> None:
    headers = letter_headers(DeadLetterReason.MISSING_FIELD, "No ts.", {"topic": "weir.events"})
    at_hand.store.feed(DEAD_LETTER, b'{"event_id": "e1", "visitor_id": "anna"}', headers=headers)
    for asked in (("e1", ""), ("", "anna"), ("e1", "anna")):
        (found,) = outcomes(at_hand, *asked)
        assert (found.row, found.outcome.what) == (None, "dead letter")
    assert outcomes(at_hand, "e1", "berta") == []


def test_letters_without_a_place_are_each_told(at_hand: ConsoleAtHand) -> None:
    for _ in range(2):
        headers = letter_headers(DeadLetterReason.MISSING_FIELD, "No ts.", {"topic": "file:events.jsonl"})
        at_hand.store.feed(DEAD_LETTER, b'{"event_id": "e1", "visitor_id": "anna"}', headers=headers)
    assert len(outcomes(at_hand, "e1")) == 2


def test_a_letter_of_one_event_is_not_told_of_another_with_the_same_id(spanned: ConsoleAtHand) -> None:
    spanned.store.feed(EVENTS, event("e1"))
    refused = spanned.store.feed(EVENTS, event("e1", url="/other"))
    origin = {"topic": "weir.events", "partition": "0", "offset": str(refused)}
    headers = letter_headers(DeadLetterReason.TOO_LARGE, "", origin)
    spanned.store.feed(DEAD_LETTER, event("e1", url="/other"), headers=headers)
    assert [one.outcome.what for one in outcomes(spanned, "e1")] == ["dead letter", "session"]


def test_a_late_event_is_told_to_be_late(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(EVENTS, event("e1"))
    at_hand.store.feed(LATE, event("e1"))
    (found,) = outcomes(at_hand, "e1")
    assert (found.outcome.what, found.outcome.is_derived) == ("late", False)


def test_an_equal_event_before_it_makes_it_a_duplicate_and_that_is_derived(spanned: ConsoleAtHand) -> None:
    spanned.store.feed(EVENTS, event("e1", url="/a"))
    spanned.store.feed(EVENTS, event("e1", url="/a"))
    second, first = outcomes(spanned, "e1")
    assert (first.outcome.what, second.outcome.what) == ("session", "duplicate")
    assert second.outcome.is_derived


def test_the_same_id_with_other_content_or_of_another_visitor_is_no_duplicate(spanned: ConsoleAtHand) -> None:
    spanned.store.feed(EVENTS, event("e1", url="/a"))
    spanned.store.feed(EVENTS, event("e1", url="/b"))
    spanned.store.feed(EVENTS, event("e1", "berta", url="/a"))
    assert "duplicate" not in [one.outcome.what for one in outcomes(spanned, "e1")]


def test_the_session_that_spans_its_time_is_derived(spanned: ConsoleAtHand) -> None:
    spanned.store.feed(EVENTS, event("e1"))
    (found,) = outcomes(spanned, "e1", "anna")
    assert (found.outcome.what, found.outcome.session_id, found.outcome.is_derived) == ("session", "s1", True)


def test_an_event_outside_of_every_session_is_told_to_be_in_none(spanned: ConsoleAtHand) -> None:
    spanned.store.feed(EVENTS, event("e1", at_s=NOW_S - 500))
    (found,) = outcomes(spanned, "e1")
    assert (found.outcome.what, found.outcome.session_id) == ("no session", None)
