from __future__ import annotations

import json

import pytest

from streams.dead_letter import dead_letter
from streams.sessionize.late import late
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from tests.support.command import weir
from tests.support.console import flag, session
from weir.contracts import Label
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import EVENTS, FLAGS, LABELS, SESSIONS

NOW_S = 1_790_000_000.0


def event(event_id: str, visitor: str = "anna", at_s: float = NOW_S, **fields: object) -> Output:
    value = {"event_id": event_id, "visitor_id": visitor, "type": "click", "ts": at_s, **fields}
    return Output(EVENTS, visitor.encode(), json.dumps(value).encode())


def send(settings: Settings, *outputs: Output) -> None:
    sender = BulkSender(settings)
    for output in outputs:
        sender.send(output)
    sender.flush()


@pytest.fixture
def filled(installation: Settings) -> Settings:
    """A visitor with a flagged session of two events, a duplicate, a late event and a dead letter; and a watermark."""
    send(
        installation,
        event("e1", text="\x1b[2J"),
        event("e1", text="\x1b[2J"),
        event("e2", at_s=NOW_S + 5, session_id=["e2"], subject="anna"),
        event("late", at_s=NOW_S - 90_000),
        event("bad"),
        event("other", visitor="berta"),
        Output(EVENTS, b"anna", b'{"visitor_id": "anna"}', ((WATERMARK_HEADER, b"1"),)),
    )
    anna = [record for record in read_all(installation, EVENTS) if record.key == b"anna"]
    by_id = {json.loads(record.value or b"").get("event_id"): record for record in anna}
    send(
        installation,
        dead_letter(by_id["bad"], DeadLetterReason.BAD_TS, "ts is no time."),
        late(by_id["late"], "anna"),
        Output(SESSIONS, b"anna", encode(session("s1", "anna", start=NOW_S, end=NOW_S + 5, events=2))),
        Output(FLAGS, b"anna", encode(flag("s1", "anna", ts=NOW_S + 6))),
        Output(
            LABELS,
            b"anna",
            encode(Label(visitor_id="anna", session_id="s1", ts=NOW_S + 9, label="bad", source="ana")),
        ),
    )
    return installation


@pytest.mark.kafka
def test_a_visitor_is_shown_with_events_verdicts_reasons_and_labels(filled: Settings) -> None:
    called = weir("show", "anna", on=filled)
    assert called.code == 0, called.err
    assert called.out.startswith("Visitor anna\n")
    for word in ("block", "injection/union", "A query contains", "bad  session s1  by ana", "bad_ts", "Late events"):
        assert word in called.out
    assert "berta" not in called.out
    assert "\x1b" not in called.out
    assert "read: " in called.err


@pytest.mark.kafka
def test_what_became_of_each_event_is_told_as_json(filled: Settings) -> None:
    (shown,) = weir("show", "anna", "--json", on=filled).rows()
    became = [(one["record"]["event_id"], one["became"]["what"]) for one in shown["events"]]
    assert became == [
        ("e1", "session"),
        ("e1", "duplicate"),
        ("e2", "session"),
        ("late", "late"),
        ("bad", "dead letter"),
    ]
    assert shown["kind"] == "visitor"
    assert shown["found"] == {
        "events": 5,
        "late": 1,
        "dead_letter": 1,
        "sessions": 1,
        "flags": 1,
        "labels": 1,
    }


@pytest.mark.kafka
def test_a_session_is_found_in_any_partition_with_the_events_in_its_time(filled: Settings) -> None:
    (shown,) = weir("show", "s1", "--json", on=filled).rows()
    assert (shown["kind"], shown["visitor"]) == ("session", "anna")
    assert [one["record"]["event_id"] for one in shown["events"]] == ["e1", "e1", "e2", "bad"]
    assert len(shown["sessions"]) == len(shown["flags"]) == len(shown["labels"]) == 1
    assert not shown["late"]


@pytest.mark.kafka
def test_an_event_is_found_with_its_session_and_says_what_is_concluded(filled: Settings) -> None:
    called = weir("show", "e2", on=filled)
    assert called.out.startswith("Event e2 of visitor anna\n")
    assert "session s1 (concluded)" in called.out
    refused = weir("show", "bad", on=filled)
    assert "dead letter: `ts` is not a time between 1970 and 2199 (bad_ts)." in refused.out


@pytest.mark.kafka
def test_of_what_nobody_knows_a_sentence_and_a_hint_are_told(filled: Settings) -> None:
    called = weir("show", "nobody", on=filled)
    assert (called.code, called.out) == (1, "")
    assert "No topic has a record of nobody." in called.err
    assert "weir dead-letters list" in called.err


@pytest.mark.kafka
def test_events_are_followed_with_late_ones_and_dead_letters_and_without_watermarks(filled: Settings) -> None:
    called = weir("tail", "events", "--from-beginning", "--until-end", on=filled)
    assert called.code == 0, called.err
    kinds = sorted(line[:11].strip() for line in called.out.splitlines())
    assert kinds == ["dead letter", *["event"] * 6, "late"]
    assert "\x1b" not in called.out
    rows = weir("tail", "events", "--visitor", "anna", "--from-beginning", "--until-end", "--json", on=filled).rows()
    assert sorted(row["topic"] for row in rows) == ["dead-letter", *["events"] * 5, "late"]


def test_a_visitor_is_chosen_among_events_alone() -> None:
    called = weir("tail", "flags", "--visitor", "anna")
    assert called.code == 2
    assert "--visitor has no effect on" in called.err
