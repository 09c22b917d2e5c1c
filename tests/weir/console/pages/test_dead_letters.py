from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streams.dead_letter import dead_letter, letter_headers
from streams.produce.resend import ReplayPlan, ResendRequest
from tests.support.console import ConsoleAtHand, console_at_hand
from weir.console.pages import dead_letters
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS

HOSTILE = b'{"visitor_id": "<b>v</b>", "event_id": "e1"\x1b[2J<script>'


class Resent:
    """Takes the place of what sends letters to Kafka."""

    wishes: list[ResendRequest]

    def __init__(self, settings: Settings, wish: ResendRequest, planned: ReplayPlan) -> None:
        del settings
        self._planned = planned
        type(self).wishes.append(wish)

    def run(self) -> int:
        """As many as planned."""
        return self._planned.to_send


@pytest.fixture
def without_kafka(monkeypatch: pytest.MonkeyPatch) -> type[Resent]:
    def planned(settings: Settings, wish: ResendRequest) -> ReplayPlan:
        del settings, wish
        return ReplayPlan({}, to_send=2, sent_before=1, refused=Counter({"not_json": 3}))

    Resent.wishes = []
    monkeypatch.setattr(dead_letters, "plan", planned)
    monkeypatch.setattr(dead_letters, "DeadLetterResend", Resent)
    monkeypatch.setattr(dead_letters, "check_topics_for_producing", lambda *_: None)
    return Resent


def feed(at_hand: ConsoleAtHand, reason: DeadLetterReason, value: bytes = HOSTILE, producer: str = "shop") -> None:
    origin = {"topic": "weir.events", "partition": "0", "offset": "7"}
    headers = (*letter_headers(reason, "A detail.", origin), ("weir-producer", producer.encode()))
    at_hand.store.feed(DEAD_LETTER, value, headers=headers)


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page[page.index('name="step" value="send"') - 400 :])
    assert found is not None
    return found[1]


def dry_run(at_hand: ConsoleAtHand, reason: str = "too_large") -> dict[str, str]:
    page = at_hand.post("/dead-letters/replay", {"reason": reason}).text
    assert "A replay would send 2 dead letters" in page
    assert "Would be refused again: not_json" in page
    names = ("action", "until", "reason")
    return {name: field(page, name) for name in names} | {"step": "send"}


def test_reasons_are_counted_with_meaning_and_advice_and_the_first_of_each(at_hand: ConsoleAtHand) -> None:
    feed(at_hand, DeadLetterReason.NOT_JSON)
    feed(at_hand, DeadLetterReason.NOT_JSON, b"a later one")
    page = at_hand.browser.get("/dead-letters").text
    assert "The bytes are not one JSON value" in page
    assert "written by a JSON library" in page
    assert re.search(r'not_json</a></th>\s*<td class="n">2</td>', page)
    assert "weir.events:0:7" in page
    assert "a later one" not in page


def test_the_bytes_of_a_letter_are_inert(at_hand: ConsoleAtHand) -> None:
    feed(at_hand, DeadLetterReason.NOT_JSON, producer="<i>shop</i>")
    page = at_hand.browser.get("/dead-letters").text
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "<script>" not in page.replace('<script src="/static/console.js" defer></script>', "")
    assert "<i>shop" not in page


def test_the_newest_are_filtered_by_reason(at_hand: ConsoleAtHand) -> None:
    feed(at_hand, DeadLetterReason.NOT_JSON)
    feed(at_hand, DeadLetterReason.BAD_TS, b"{}")
    told = at_hand.browser.get("/dead-letters?reason=bad_ts&format=json").json()
    assert [one["reason"] for one in told["newest"]] == ["bad_ts"]
    assert {one["reason"] for one in told["by_reason"]} == {"bad_ts", "not_json"}
    assert "weir dead-letters replay --reason bad_ts" in at_hand.browser.get("/dead-letters?reason=bad_ts").text
    assert "replay --reason x" not in at_hand.browser.get("/dead-letters?reason=x").text


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    at_hand: ConsoleAtHand, without_kafka: type[Resent]
) -> None:
    at_hand.enter()
    dry_run(at_hand)
    assert not without_kafka.wishes
    assert not at_hand.actions.written


def test_a_replay_sends_what_the_dry_run_saw_and_writes_who_did_it_and_why(
    at_hand: ConsoleAtHand, without_kafka: type[Resent]
) -> None:
    at_hand.enter()
    form = dry_run(at_hand)
    done = at_hand.post("/dead-letters/replay", form | {"why": "the bound is raised"})
    assert done.headers["location"] == "/dead-letters?reason=too_large&sent=2"
    (wish,) = without_kafka.wishes
    assert (wish.wanted.reasons, wish.wanted.until_s, wish.again) == (["too_large"], float(form["until"]), False)
    (action,) = at_hand.actions.written
    assert (action.kind, action.who, action.why) == ("replay_dead_letters", "ana", "the bound is raised")
    assert action.details["sent"] == 2
    assert action.details["reason"] == "too_large"
    assert "2 dead letters were sent again" in at_hand.browser.get(done.headers["location"]).text


def test_a_form_that_comes_twice_is_one_action(at_hand: ConsoleAtHand, without_kafka: type[Resent]) -> None:
    at_hand.enter()
    form = dry_run(at_hand) | {"why": "again"}
    for _ in range(2):
        assert at_hand.post("/dead-letters/replay", form).status_code == 303
    assert len(at_hand.actions.written) == 1
    assert len(without_kafka.wishes) == 2


@pytest.mark.parametrize("wrong", [{"why": ""}, {"action": "x"}, {"until": "nan"}, {"reason": "none"}])
def test_nothing_is_sent_by_a_form_that_is_wrong(
    at_hand: ConsoleAtHand, without_kafka: type[Resent], wrong: dict[str, str]
) -> None:
    at_hand.enter()
    form: dict[str, Any] = dry_run(at_hand) | {"why": "why"} | wrong
    assert at_hand.post("/dead-letters/replay", form).status_code == 400
    assert not without_kafka.wishes


def test_whoever_may_not_operate_sends_nothing(at_hand: ConsoleAtHand, without_kafka: type[Resent]) -> None:
    assert "It takes the role operate" in at_hand.browser.get("/dead-letters").text
    assert at_hand.post("/dead-letters/replay", {"reason": ""}).status_code == 403
    assert not without_kafka.wishes


@pytest.mark.kafka
def test_letters_are_sent_to_kafka_once(installation: Settings, tmp_path: Path) -> None:
    good = b'{"event_id": "e1", "visitor_id": "anna", "type": "click", "ts": 17}'
    refused = LogRecord("weir.events", 0, 0, 1_000, b"anna", good, ())
    sender = BulkSender(installation)
    sender.send(dead_letter(refused, DeadLetterReason.TOO_LARGE, "Too large then."))
    sender.send(dead_letter(refused, DeadLetterReason.BAD_TS, "Of another reason."))
    sender.flush()
    own = ("bootstrap_servers", "application_id", "topic_prefix", "partitions")
    with console_at_hand(tmp_path / "console", **{name: getattr(installation, name) for name in own}) as made:
        made.enter()
        page = made.post("/dead-letters/replay", {"reason": "too_large"}).text
        assert "A replay would send 1 dead letters" in page
        assert not list(read_all(installation, EVENTS))
        form = {name: field(page, name) for name in ("action", "until", "reason")} | {"step": "send", "why": "raised"}
        for _ in range(2):
            assert made.post("/dead-letters/replay", form).status_code == 303
        assert [one.details["sent"] for one in made.actions.written] == [1]
    assert [record.value for record in read_all(installation, EVENTS)] == [good]
