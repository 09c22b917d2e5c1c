from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letter import dead_letter, dead_letter_line
from streams.intake.bad_lines import bad_line_letter
from streams.intake.line import BadLine
from weir import __version__
from weir.contracts import DeadLetterHeaders
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.records import LogRecord
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


@given(st.none() | st.binary(), st.none() | st.binary(), st.text())
def test_any_letter_is_one_line_of_json(key: bytes | None, value: bytes | None, detail: str) -> None:
    letter = dead_letter(LogRecord("t", 0, 0, 0, key, value), DeadLetterReason.NOT_JSON, detail)
    line = dead_letter_line(letter.key, letter.value, letter.headers)
    assert b"\n" not in line
    assert set(json.loads(line)) == {"headers", "key", "value"}
