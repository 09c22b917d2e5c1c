from __future__ import annotations

import json
import select
import signal
import subprocess
import sys

import pytest

from streams.dead_letter import dead_letter
from tests.support.command import weir
from tests.support.polling import PATIENCE_S
from weir.cli.record_text import TOPICS
from weir.contracts import Flag, Limit, Review, Session
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import BY_NAME, FLAGS, LATE, LIMITS, REVIEWS, SESSIONS

REASONS = [{"id": "p1", "version": "1", "text": "a crawler"}]


def flag(number: int, verdict: str, stage: str) -> Output:
    value = encode(
        Flag.model_validate(
            {
                "flag_id": f"f{number}",
                "session_id": "s",
                "visitor_id": "v\x1b[2J",
                "revision": number,
                "ts": 5.0,
                "verdict": verdict,
                "stage": stage,
                "reasons": REASONS,
                "score": 0.25,
                "model": None,
                "features_hash": None,
                "latency_ms": 1.5,
                "shadow": [],
            }
        )
    )
    headers = (("verdict", verdict.encode()), ("stage", stage.encode()))
    return Output(FLAGS, b"v", value, headers)


def others() -> list[Output]:
    limit = {"subject": "v", "kind": "visitor", "limit": "burst", "observed": 9.0, "window_s": 60.0, "until": 7.0}
    review = {"session_id": "s", "visitor_id": "v", "ts": 5.0, "why": "unsure", "score": None, "reasons": REASONS}
    empty: dict[str, object] = dict.fromkeys(Session.model_fields, 0)
    lists = ("account_ids", "items", "texts")
    maps = ("counts", "statuses", "methods", "revenue", "heuristics", "limits_over")
    nothing = ("merged_into", "gaps", "entry_url", "exit_url", "referrer", "user_agent", "ip")
    session = empty | {name: [] for name in lists} | {name: {} for name in maps} | dict.fromkeys(nothing)
    session |= {"session_id": "s", "visitor_id": "v", "revision": 1, "final": True, "split": False, "events": 2}
    late = b'{"event_id": "e",\n "visitor_id": "v", "type": "click", "ts": "2023-11-14T22:13:20Z"}'
    refused = LogRecord("weir.events", 1, 17, 1_000, b"\xff", b"\xfe", ())
    return [
        Output(LIMITS, b"k", encode(Limit.model_validate(limit | {"retry_after_s": 2.0}))),
        Output(REVIEWS, b"s", encode(Review.model_validate(review))),
        Output(SESSIONS, b"v", encode(Session.model_validate(session))),
        Output(LATE, b"v", late),
        dead_letter(refused, DeadLetterReason.NOT_UTF8, "The record's bytes are not UTF-8."),
    ]


@pytest.fixture
def filled(installation: Settings) -> Settings:
    sender = BulkSender(installation)
    for output in [flag(1, "block", "heuristics"), flag(2, "review", "model"), flag(3, "block", "model"), *others()]:
        sender.send(output)
    sender.flush()
    return installation


@pytest.mark.kafka
def test_every_topic_is_readable_and_json_is_the_value_as_it_lies_there(filled: Settings) -> None:
    shown = {
        "flags": "block",
        "limits": "burst",
        "reviews": "unsure",
        "sessions": "final",
        "late": "2023-11-14 22:13:20",
        "dead-letter": "not_utf8",
    }
    for topic, word in shown.items():
        called = weir("tail", topic, "--from-beginning", "--until-end", on=filled)
        assert called.code == 0, called.err
        assert word in called.out
        assert "\x1b" not in called.out
        assert weir("tail", topic, "--from-beginning", "--until-end", "--json", on=filled).rows()
    values = {output.topic.name: json.loads(output.value or b"") for output in others()[:4]}
    for topic, value in values.items():
        assert weir("tail", topic, "--from-beginning", "--max", "1", "--json", on=filled).rows() == [value]
    (letter,) = weir("tail", "dead-letter", "--from-beginning", "--max", "1", "--json", on=filled).rows()
    assert (letter["key"], letter["value"]) == ({"base64": "/w=="}, {"base64": "/g=="})
    assert letter["headers"]["offset"] == "17"


@pytest.mark.kafka
def test_what_strangers_wrote_ends_no_tail(installation: Settings) -> None:
    values = [b"\xff\x1b[2J", b"no JSON\n\x1b[2J", b'{"a":\n 1e999999}', b'"\\ud800"', b"[" * 100_000]
    sender = BulkSender(installation)
    for topic in map(BY_NAME.__getitem__, TOPICS):
        for value in values:
            sender.send(Output(topic, b"k", value))
    sender.flush()
    for name in TOPICS:
        called = weir("tail", name, "--from-beginning", "--until-end", on=installation)
        assert (called.code, len(called.out.splitlines())) == (0, len(values)), called.err
        assert "\x1b" not in called.out
        assert len(weir("tail", name, "--from-beginning", "--until-end", "--json", on=installation).rows()) == len(
            values
        )


@pytest.mark.kafka
def test_flags_are_chosen_by_their_headers(filled: Settings) -> None:
    options = ("tail", "flags", "--from-beginning", "--until-end", "--json")
    for more, expected in (
        ((), {"f1", "f2", "f3"}),
        (("--verdict", "block"), {"f1", "f3"}),
        (("--verdict", "block", "--stage", "model"), {"f3"}),
        (("--stage", "business_rule"), set()),
    ):
        assert {row["flag_id"] for row in weir(*options, *more, on=filled).rows()} == expected


@pytest.mark.kafka
def test_without_the_beginning_only_what_comes_later_is_shown_until_interrupted(filled: Settings) -> None:
    assert weir("tail", "flags", "--until-end", on=filled).out == ""
    following = subprocess.Popen(
        [
            *(sys.executable, "-m", "weir.cli.main", "tail", "flags", "--json"),
            *("--bootstrap-servers", filled.bootstrap_servers, "--topic-prefix", filled.topic_prefix),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    sender = BulkSender(filled)
    # It starts at the end as of its start, which nobody else sees: send until one comes through.
    number = first_number = 10
    with following.stdout as lines:
        while not select.select([lines], [], [], 0.2)[0]:
            assert following.poll() is None
            sender.send(flag(number, "block", "model"))
            sender.flush()
            number += 1
        first = json.loads(lines.readline())
        following.send_signal(signal.SIGINT)
        assert following.wait(PATIENCE_S) == 0
    assert int(first["flag_id"].removeprefix("f")) >= first_number


def test_wrong_calls_are_told() -> None:
    for arguments in (
        ("tail", "scores"),
        ("tail", "sessions", "--verdict", "block"),
        ("tail", "flags", "--stage", "x"),
    ):
        called = weir(*arguments)
        assert called.code == 2
        assert "Choose" in called.err or "Leave" in called.err


@pytest.mark.kafka
def test_a_topic_that_is_not_there_is_told(kafka: str) -> None:
    called = weir("tail", "flags", "--bootstrap-servers", kafka, "--topic-prefix", "nobody")
    assert called.code == 1
    assert "weir topics create" in called.err
