from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from streams.intake.files import read
from streams.intake.formats.registry import FORMATS
from streams.intake.line import BadLine, Line
from streams.intake.source import LONGEST_LINE_BYTES, check_source
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import UsageError

EVENT = {"event_id": "e1", "visitor_id": "anna", "type": "page_view", "ts": 1_700_000_000}
COMBINED = (
    '203.0.113.9 - anna [17/May/2015:10:05:03 +0200] "GET /shop?page=2 HTTP/1.1" 200 2326 '
    '"https://example.com/" "Mozilla/5.0 (X11)"'
)


def found(tmp_path: Path, line_format: str, content: bytes | str) -> list[Line | BadLine]:
    path = tmp_path / "input"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read(line_format, str(path)))


def events(lines: list[Line | BadLine]) -> list[dict[str, object]]:
    return [json.loads(line.value) for line in lines if isinstance(line, Line)]


def reasons(lines: list[Line | BadLine]) -> list[DeadLetterReason | None]:
    return [line.reason if isinstance(line, BadLine) else None for line in lines]


def access(tmp_path: Path, line: str) -> dict[str, object]:
    (event,) = events(found(tmp_path, "access-log", line))
    return event


# Sources.


def test_packed_files_are_unpacked_by_their_content(tmp_path: Path) -> None:
    assert len(found(tmp_path, "events", gzip.compress(json.dumps(EVENT).encode() + b"\n"))) == 1


def test_a_damaged_gzip_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="damaged"):
        found(tmp_path, "events", gzip.compress(json.dumps(EVENT).encode() * 100)[:-9])


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(json.dumps(EVENT).encode()))))
    (line,) = read("events", "-")
    assert line.source == "-"


def test_a_directory_a_missing_file_and_a_missing_format_are_the_callers_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        check_source(str(tmp_path))
    with pytest.raises(UsageError, match="no file"):
        list(read("events", str(tmp_path / "nothing")))
    with pytest.raises(UsageError, match="no format"):
        read("csv", str(tmp_path))


@pytest.mark.parametrize("line_format", FORMATS)
def test_an_empty_file_has_no_lines(tmp_path: Path, line_format: str) -> None:
    assert found(tmp_path, line_format, b"") == []
    assert found(tmp_path, line_format, b"\n \n\r\n") == []


def test_byte_order_mark_line_ends_and_blank_lines_are_no_part_of_an_event(tmp_path: Path) -> None:
    value = json.dumps(EVENT).encode()
    lines = found(tmp_path, "events", b"\xef\xbb\xbf" + value + b"\r\n\n  \n" + value)
    assert [(line.number, line.value) for line in lines if isinstance(line, Line)] == [(1, value), (4, value)]


def test_a_line_without_end_is_cut_and_the_next_one_read(tmp_path: Path) -> None:
    lines = found(tmp_path, "events", b"x" * (2 * LONGEST_LINE_BYTES + 5) + b"\n" + json.dumps(EVENT).encode())
    first, second = lines
    assert isinstance(first, BadLine)
    assert (first.reason, first.raw) == (DeadLetterReason.TOO_LARGE, b"x" * LONGEST_LINE_BYTES)
    assert second.number == 2
    assert isinstance(second, Line)


# events


def test_events_are_sent_byte_for_byte_under_their_visitor(tmp_path: Path) -> None:
    odd = b'{ "ts":"2023-11-14T22:13:20Z", "visitor_id":"\\u0061nna","event_id":"1","type":"x","more":[1] }'
    (line,) = found(tmp_path, "events", odd)
    assert isinstance(line, Line)
    assert (line.value, line.key, line.ts) == (odd, b"anna", 1_700_000_000.0)


def test_refused_events_keep_their_bytes_and_number(tmp_path: Path) -> None:
    content = b"\n".join(
        (json.dumps(EVENT).encode(), b"\xff", b"{}", b'{"event_id":"e1","visi', json.dumps(EVENT).encode())
    )
    lines = found(tmp_path, "events", content)
    assert reasons(lines) == [
        None,
        DeadLetterReason.NOT_UTF8,
        DeadLetterReason.MISSING_FIELD,
        DeadLetterReason.NOT_JSON,
        None,
    ]
    assert [line.raw for line in lines if isinstance(line, BadLine)] == [b"\xff", b"{}", b'{"event_id":"e1","visi']
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]


# otto


def test_a_session_of_otto_is_a_visitor_whose_events_are_sorted_into_the_others(tmp_path: Path) -> None:
    histories = [
        {"session": 1, "events": [{"aid": 10, "ts": 3_000_000_000_000, "type": "clicks"}]},
        {
            "session": 2,
            "events": [
                {"aid": 20, "ts": 1_000_000_000_000, "type": "carts"},
                {"aid": 20, "ts": 4_000_000_000_000, "type": "orders"},
            ],
        },
    ]
    lines = found(tmp_path, "otto", "\n".join(map(json.dumps, histories)))
    assert [(e["visitor_id"], e["item_id"], e["type"], e["ts"]) for e in events(lines)] == [
        ("2", "20", "add_to_cart", 1_000_000_000_000),
        ("1", "10", "click", 3_000_000_000_000),
        ("2", "20", "purchase", 4_000_000_000_000),
    ]
    assert [line.ts for line in lines if isinstance(line, Line)] == [1e9, 3e9, 4e9]


def test_lines_that_are_no_sessions_of_otto_are_unreadable(tmp_path: Path) -> None:
    lines = found(
        tmp_path, "otto", b'{"session": 1, "ev\n[]\n{"session":1,"events":[{"aid":1,"ts":-5,"type":"clicks"}]}\n\xff'
    )
    assert reasons(lines) == [
        DeadLetterReason.UNREADABLE_LINE,
        DeadLetterReason.UNREADABLE_LINE,
        DeadLetterReason.BAD_TS,
        DeadLetterReason.UNREADABLE_LINE,
    ]


# snowplow

HEADER = "event_id,domain_userid,derived_tstamp,event_name,page_url,page_title,user_id"


def test_rows_of_snowplow_become_events_sorted_by_time(tmp_path: Path) -> None:
    rows = [
        HEADER,
        "e2,v1,2021-03-01 00:00:02.500,page_ping,https://x/,,",
        'e1,v1,2021-03-01 00:00:01.000,link_click,https://x/,"A, ""title""",u1',
        "e3,v1,2021-03-01 00:00:02.500,own_event,,,",
    ]
    assert events(found(tmp_path, "snowplow", "\r\n".join(rows))) == [
        {
            "event_id": "e1",
            "visitor_id": "v1",
            "account_id": "u1",
            "type": "click",
            "url": "https://x/",
            "ts": "2021-03-01 00:00:01.000",
            "properties": {"page_title": 'A, "title"'},
        },
        {"event_id": "e2", "visitor_id": "v1", "type": "ping", "url": "https://x/", "ts": "2021-03-01 00:00:02.500"},
        {"event_id": "e3", "visitor_id": "v1", "type": "own_event", "ts": "2021-03-01 00:00:02.500"},
    ]


def test_rows_that_are_no_events_say_why(tmp_path: Path) -> None:
    rows = [
        HEADER.encode(),
        b"e1,,2021-03-01 00:00:02,page_view,,,",
        b"e1,v1,2021-03-01 00:00:02,pa",
        b'e1,v1,2021-03-01 00:00:02,page_view,"two\nlines",\xff,',
        b"e1,v1,soon,page_view,,,",
        b",v1,2021-03-01 00:00:02,page_view,,,",
        b'e1,v1,2021-03-01 00:00:02,page_view,"' + b"x" * 140_000 + b'",,',
        b"e9,v1,2021-03-01 00:00:02,page_view,,,",
    ]
    lines = found(tmp_path, "snowplow", b"\n".join(rows))
    assert reasons(lines) == [
        DeadLetterReason.NO_VISITOR,
        DeadLetterReason.UNREADABLE_LINE,
        DeadLetterReason.NOT_UTF8,
        DeadLetterReason.BAD_TS,
        DeadLetterReason.MISSING_FIELD,
        DeadLetterReason.UNREADABLE_LINE,
        None,
    ]
    assert [line.number for line in lines] == [2, 3, 4, 6, 7, 8, 9]
    assert isinstance(lines[2], BadLine)
    assert lines[2].raw == rows[3]


def test_a_table_without_the_events_columns_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="event_id"):
        found(tmp_path, "snowplow", "a,b,c\n1,2,3\n")


def test_a_shops_rows_say_what_was_done_with_which_product(tmp_path: Path) -> None:
    header = ",".join(
        (
            *("event_id", "domain_userid", "derived_tstamp", "event_name"),
            "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1_0_0",
            "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1_0_0",
            "contexts_com_snowplowanalytics_snowplow_ecommerce_transaction_1_0_0",
        )
    )
    start = "e,v,2021-03-01 00:00:02+00:00,snowplow_ecommerce_action,"
    rows = [
        header,
        start + '"{""type"": ""transaction""}","[{""id"": ""p1""}]","[{""revenue"": ""13.5"", ""currency"": ""EUR""}]"',
        start + '"{""type"": ""add_to_cart""}","[{""id"": 7}]",[]',
        start + 'no json,[],"[{""revenue"": ""nan""}]"',
    ]
    assert [
        tuple(event.get(name) for name in ("type", "item_id", "value", "currency"))
        for event in events(found(tmp_path, "snowplow", "\n".join(rows)))
    ] == [
        ("purchase", "p1", 13.5, "EUR"),
        ("add_to_cart", "7", None, None),
        ("snowplow_ecommerce_action", None, None, None),
    ]
