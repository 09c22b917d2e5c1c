from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from streams.dead_letter import dead_letter
from tests.support.command import weir
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import LogRecord
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

GOOD_AGAIN = b'{"event_id": "e1", "visitor_id": "anna", "type": "click", "ts": 17}'


@pytest.fixture
def filled(installation: Settings) -> Settings:
    sender = BulkSender(installation)
    for offset, (value, reason) in enumerate(
        [
            (GOOD_AGAIN, DeadLetterReason.TOO_LARGE),
            (b"\xff\x1b[2J", DeadLetterReason.NOT_UTF8),
            (b"{}", DeadLetterReason.MISSING_FIELD),
        ]
    ):
        record = LogRecord("weir.events", 1, offset, 1_000, b"some key", value, ())
        sender.send(dead_letter(record, reason, f"Wrong in way {offset}."))
        sender.flush()
    return installation


def events(settings: Settings) -> list[LogRecord]:
    return list(read_all(settings, EVENTS))


@pytest.mark.kafka
def test_letters_are_listed_with_reason_origin_and_advice(filled: Settings) -> None:
    called = weir("dead-letters", "list", on=filled)
    assert called.code == 0, called.err
    assert "missing_field" in called.out
    assert "weir.events/1/2" in called.out
    assert "1 not_utf8: Encode JSON as UTF-8." in called.err
    rows = weir("dead-letters", "list", "--json", on=filled).rows()
    assert [row["reason"] for row in rows] == ["too_large", "not_utf8", "missing_field"]


@pytest.mark.kafka
def test_letters_are_chosen_by_reason_place_and_time(filled: Settings) -> None:
    def chosen(*options: str) -> list[str]:
        return [row["reason"] for row in weir("dead-letters", "list", "--json", *options, on=filled).rows()]

    assert chosen("--reason", "not_utf8", "--reason", "too_large") == ["too_large", "not_utf8"]
    assert chosen("--max", "1") == ["missing_field"]
    assert chosen("--since", "2199-01-01") == []
    assert len(chosen("--until", "2199-01-01T00:00:00Z", "--since", "0")) == 3
    places = {row["letter"].split(":")[0] for row in weir("dead-letters", "list", "--json", on=filled).rows()}
    assert len(chosen("--partition", places.pop())) == 3
    assert chosen("--partition", "77") == []


@pytest.mark.kafka
def test_one_letter_is_shown_whole_and_harmless(filled: Settings) -> None:
    (row,) = weir("dead-letters", "list", "--json", "--reason", "not_utf8", on=filled).rows()
    called = weir("dead-letters", "show", row["letter"], on=filled)
    assert called.code == 0, called.err
    assert "\x1b" not in called.out
    assert "some key" in called.out
    (whole,) = weir("dead-letters", "show", row["letter"], "--json", on=filled).rows()
    assert whole["value"] == {"base64": "/xtbMko="}


@pytest.mark.kafka
def test_a_replay_puts_the_bytes_back_where_they_belong_and_leaves_the_hopeless(filled: Settings) -> None:
    for _ in range(2):
        dry = weir("dead-letters", "replay", "--dry-run", "--json", on=filled).rows()
        assert dry == [counts(would_send=1, still_refused={"not_utf8": 1, "missing_field": 1})]
    assert not events(filled)
    called = weir("dead-letters", "replay", on=filled)
    assert called.code == 0, called.err
    assert "sent again" in called.out
    (event,) = events(filled)
    assert (event.key, event.value) == (b"anna", GOOD_AGAIN)
    assert event.partition == partition_for(b"anna", filled.partitions)
    headers = {name: text.decode() for name, text in event.headers}
    partition, offset = place_of(filled, "too_large").split(":")
    assert headers == {
        "weir-replayed-from": f"{filled.topic_prefix}.dead-letter/{partition}/{offset}",
        "weir-replayed-origin": "weir.events/1/0",
        "weir-flush": "replays/0/1",
    }


@pytest.mark.kafka
def test_what_was_replayed_is_shown_and_not_sent_again_unless_asked_for(filled: Settings) -> None:
    def replayed(*options: str) -> Any:  # noqa: ANN401 -- JSON
        return weir("dead-letters", "replay", "--json", *options, on=filled).rows()[0]

    refused = {"not_utf8": 1, "missing_field": 1}
    assert replayed() == counts(sent=1, would_send=1, still_refused=refused)
    assert replayed() == counts(sent_before=1, still_refused=refused)
    assert len(events(filled)) == 1

    listed = {row["reason"]: row for row in weir("dead-letters", "list", "--json", on=filled).rows()}
    assert {reason: bool(row["replayed"]) for reason, row in listed.items()} == {
        "too_large": True,
        "not_utf8": False,
        "missing_field": False,
    }
    assert "1 too_large (1 sent again): Cut" in weir("dead-letters", "list", on=filled).err
    waiting = weir("dead-letters", "list", "--not-replayed", "--json", on=filled).rows()
    assert {row["reason"] for row in waiting} == {"not_utf8", "missing_field"}
    shown = weir("dead-letters", "show", listed["too_large"]["letter"], on=filled).out
    assert listed["too_large"]["replayed"] in shown
    assert "sent again before" in weir("dead-letters", "replay", on=filled).out

    assert replayed("--again", "--dry-run") == counts(would_send=1, still_refused=refused)
    assert replayed("--again") == counts(sent=1, would_send=1, still_refused=refused)
    assert [event.value for event in events(filled)] == [GOOD_AGAIN] * 2


@pytest.mark.kafka
def test_a_letter_of_a_record_between_stages_is_no_event_whatever_is_in_it(filled: Settings) -> None:
    sender = BulkSender(filled)
    record = LogRecord(filled.names.public(SESSIONS), 0, 0, 0, b"anna", GOOD_AGAIN, ())
    sender.send(dead_letter(record, DeadLetterReason.WRONG_TYPE, "No session."))
    sender.flush()
    (told,) = weir("dead-letters", "replay", "--reason", "wrong_type", "--json", on=filled).rows()
    assert told == counts(of_other_topics=1)
    assert not events(filled)


def counts(**some: object) -> dict[str, object]:
    """What a replay tells, 0 of all but `some`."""
    return {"sent": 0, "would_send": 0, "sent_before": 0, "still_refused": {}, "of_other_topics": 0} | some


def place_of(settings: Settings, reason: str) -> str:
    """The only letter of this reason, as `list` names it."""
    (row,) = weir("dead-letters", "list", "--json", "--reason", reason, on=settings).rows()
    return str(row["letter"])


@pytest.mark.kafka
def test_without_letters_there_is_nothing_to_list_show_or_replay(installation: Settings) -> None:
    assert "no dead letters" in weir("dead-letters", "list", on=installation).out
    assert weir("dead-letters", "show", "0:0", on=installation).code == 1
    assert weir("dead-letters", "replay", "--json", on=installation).rows() == [counts()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--reason", "bad"), "not_json"),
        (("list", "--since", "yesterday"), "2026-01-31"),
        (("list", "--since", "\N{SUPERSCRIPT TWO}"), "2026-01-31"),
        (("show", "17"), "PARTITION:OFFSET"),
        (("show", "0:" + "9" * 5_000), "PARTITION:OFFSET"),
    ],
)
def test_wrong_calls_are_told(arguments: tuple[str, ...], said: str) -> None:
    called = weir("dead-letters", *arguments)
    assert called.code == 2
    assert said in called.err


@pytest.mark.kafka
def test_a_letter_larger_than_an_event_may_be_is_replayed_where_the_bound_was_raised(
    new_installation: Callable[..., Settings],
) -> None:
    installation = new_installation()
    large = json.dumps({"event_id": "e", "visitor_id": "v", "type": "post", "ts": 1, "more": "x" * 1_200_000}).encode()
    sender = BulkSender(installation)
    sender.send(dead_letter(LogRecord("t", 0, 0, 0, b"v", large, ()), DeadLetterReason.TOO_LARGE, "Too large."))
    sender.flush()
    options = ("dead-letters", "replay", "--json")
    assert weir(*options, on=installation).rows()[0]["still_refused"] == {"too_large": 1}
    assert weir(*options, "--set", "max_record_bytes=1500000", on=installation).rows()[0]["sent"] == 1
    assert [event.value for event in events(installation)] == [large]
