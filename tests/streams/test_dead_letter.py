from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letter import CUT_HEADER, KEPT_BYTES, MOST_BYTES, dead_letter, dead_letter_line
from streams.decode import Refused
from streams.intake.bad_lines import bad_line_letter
from streams.intake.line import BadLine
from streams.produce.dead_letters import replayed
from weir import __version__
from weir.contracts import DeadLetterHeaders
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS


def test_a_letter_has_key_and_value_as_received_and_says_where_from() -> None:
    record = LogRecord("weir.events", 3, 17, 1_000, b"\xffkey", b"\xfe{")
    letter = dead_letter(record, DeadLetterReason.NOT_UTF8, "The record's bytes are not UTF-8.")
    assert (letter.topic, letter.key, letter.value, letter.partition) == (DEAD_LETTER, b"\xffkey", b"\xfe{", None)
    assert {name: text.decode() for name, text in letter.headers} == {
        "reason": "not_utf8",
        "detail": "The record's bytes are not UTF-8.",
        "topic": "weir.events",
        "partition": "3",
        "offset": "17",
        "timestamp": "1000",
        "weir-version": __version__,
    }


def test_the_headers_are_those_of_the_contract() -> None:
    letter = dead_letter(LogRecord("t", 0, 0, 0, None, None), DeadLetterReason.EMPTY_VALUE, "")
    assert {name.replace("-", "_") for name, _ in letter.headers} == set(DeadLetterHeaders.model_fields)


def test_a_line_of_a_file_is_told_from_a_topics_record() -> None:
    line = BadLine("logs/today.log", 12, b"\x16\x03\x01", DeadLetterReason.UNREADABLE_LINE, "It may be cut off.")
    headers = dict(bad_line_letter(line).headers)
    assert (headers["topic"], headers["partition"], headers["offset"]) == (b"file:logs/today.log", b"0", b"12")


def test_the_largest_record_fits_as_a_letter() -> None:
    assert DEAD_LETTER.max_message_bytes > EVENTS.max_message_bytes + 10_000


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"k", b"0" * MOST_BYTES), (b"k" * (MOST_BYTES + 1), None), (b"k" * MOST_BYTES, b"0" * MOST_BYTES)],
)
def test_of_a_record_that_no_letter_can_hold_the_beginning_is_kept(key: bytes, value: bytes | None) -> None:
    letter = dead_letter(LogRecord("weir.events", 0, 0, 0, key, value), DeadLetterReason.TOO_LARGE, "Too large.")
    assert letter.key == key[:KEPT_BYTES]
    assert letter.value == (value and value[:KEPT_BYTES])
    assert dict(letter.headers)[CUT_HEADER] == b"%d" % (len(key) + len(value or b""))


def test_a_letter_that_was_cut_is_never_replayed_though_its_beginning_may_be_an_event() -> None:
    event = b'{"event_id": "1", "visitor_id": "v", "type": "click", "ts": 1}'
    whole = dead_letter(LogRecord("weir.events", 0, 0, 0, b"v", event), DeadLetterReason.TOO_LARGE, "")
    padded = LogRecord("weir.events", 0, 0, 0, b"v", event + b" " * MOST_BYTES)
    cut = dead_letter(padded, DeadLetterReason.TOO_LARGE, "")
    assert isinstance(replayed(Settings(), as_it_lies(whole)), Output)
    assert isinstance(replayed(Settings(), as_it_lies(cut)), Refused)


def as_it_lies(letter: Output) -> LogRecord:
    return LogRecord("weir.dead-letter", 0, 0, 0, letter.key, letter.value, letter.headers)


@given(st.none() | st.binary(), st.none() | st.binary(), st.text())
def test_any_letter_is_one_line_of_json(key: bytes | None, value: bytes | None, detail: str) -> None:
    letter = dead_letter(LogRecord("t", 0, 0, 0, key, value), DeadLetterReason.NOT_JSON, detail)
    line = dead_letter_line(letter.key, letter.value, letter.headers)
    assert b"\n" not in line
    assert set(json.loads(line)) == {"headers", "key", "value"}
