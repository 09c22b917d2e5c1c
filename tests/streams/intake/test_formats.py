from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.formats import FORMATS, BadLine, Line, check_source, read
from streams.intake.formats.access_log import candidates as access_log_candidates
from streams.intake.formats.source import LONGEST_LINE_BYTES
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


@pytest.mark.parametrize("line_format", FORMATS)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([COMBINED.encode()[:n] for n in (30, 60, 120)]), max_size=4))
def test_no_bytes_raise_but_for_a_file_of_another_format(
    tmp_path_factory: pytest.TempPathFactory, line_format: str, content: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz-{line_format}"
    path.write_bytes(
        b"event_id,domain_userid,derived_tstamp,event_name\n" * (line_format == "snowplow") + b"\n".join(content)
    )
    try:
        lines = list(read(line_format, str(path)))
    except UsageError:
        assert path.read_bytes().startswith(b"\x1f\x8b")
    else:
        assert all(isinstance(line, Line | BadLine) for line in lines)


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


# access-log


def test_a_combined_line_becomes_a_page_view(tmp_path: Path) -> None:
    event = access(tmp_path, COMBINED)
    assert len(str(event.pop("visitor_id"))) == 32
    assert str(event.pop("event_id")).startswith("1-")
    assert event == {
        "account_id": "anna",
        "type": "page_view",
        "ts": 1_431_849_903.0,
        "url": "/shop?page=2",
        "referrer": "https://example.com/",
        "user_agent": "Mozilla/5.0 (X11)",
        "ip": "203.0.113.9",
        "method": "GET",
        "status": 200,
        "bytes": 2326,
    }


def test_a_common_line_has_neither_referrer_nor_user_agent(tmp_path: Path) -> None:
    event = access(tmp_path, '::1 - - [01/Jan/2020:00:00:00 -0030] "POST /login HTTP/1.1" 302 -')
    assert event["type"] == "request"
    assert event["ts"] == 1_577_838_600.0
    assert not {"referrer", "user_agent", "bytes", "account_id"} & set(event)


def test_escapes_are_undone(tmp_path: Path) -> None:
    event = access(tmp_path, COMBINED.replace("/shop?page=2", r"/\"q\"?x=\xc3\xa9\\\t").replace("(X11)", r"\xff"))
    assert event["url"] == '/"q"?x=é\\\t'
    assert event["user_agent"] == "Mozilla/5.0 \ufffd"


@pytest.mark.parametrize(
    ("request_line", "method", "url"),
    [
        ("-", None, None),
        (r"\x16\x03\x01", None, "\x16\x03\x01"),
        ("GET /", "GET", "/"),
        ("GET /a b c HTTP/1.0", "GET", "/a b c"),
        ("GET  HTTP/1.0", "GET", " HTTP/1.0"),
        ("quit", None, "quit"),
    ],
)
def test_what_was_requested_is_kept_however_odd(
    tmp_path: Path, request_line: str, method: str | None, url: str | None
) -> None:
    event = access(tmp_path, COMBINED.replace("GET /shop?page=2 HTTP/1.1", request_line))
    assert (event.get("method"), event.get("url")) == (method, url)


def test_one_visitor_is_one_address_with_one_user_agent(tmp_path: Path) -> None:
    lines = [
        COMBINED,
        COMBINED.replace("/shop", "/other"),
        COMBINED.replace("X11", "Mac"),
        COMBINED.replace(".9", ".8", 1),
    ]
    visitors = [event["visitor_id"] for event in events(found(tmp_path, "access-log", "\n".join(lines)))]
    assert visitors[0] == visitors[1]
    assert len(set(visitors)) == 3


def test_the_same_line_twice_is_two_events_and_the_same_file_twice_is_not(tmp_path: Path) -> None:
    first = events(found(tmp_path, "access-log", f"{COMBINED}\n{COMBINED}\n"))
    again = events(found(tmp_path, "access-log", f"{COMBINED}\n{COMBINED}\n"))
    assert len({str(event["event_id"]) for event in first}) == 2
    assert first == again


@pytest.mark.parametrize(
    "line",
    [
        *(COMBINED[:length] for length in (1, 20, 45, 60, 80, 95, 110, len(COMBINED) - 1)),
        COMBINED.replace("May", "Mai"),
        COMBINED.replace("17/May", "31/Feb"),
        COMBINED.replace("+0200", "+9900"),
        "a b c [" + " [" * 10_000,
        '" ' * 10_000,
    ],
)
def test_a_cut_or_damaged_line_is_unreadable(tmp_path: Path, line: str) -> None:
    (bad,) = found(tmp_path, "access-log", line)
    assert isinstance(bad, BadLine)
    assert bad.reason is DeadLetterReason.UNREADABLE_LINE
    assert bad.raw == line.strip("\n").encode()


def test_columns_that_an_administrator_added_do_no_harm(tmp_path: Path) -> None:
    assert access(tmp_path, COMBINED + ' "203.0.113.1, 203.0.113.2" 0.003 -')["user_agent"] == "Mozilla/5.0 (X11)"


@given(st.text(max_size=100).map(lambda text: text.replace("\n", " ")))
def test_no_log_line_raises(text: str) -> None:
    for line in (text, COMBINED.replace("/shop", text), COMBINED.replace("2326", text)):
        assert len(list(access_log_candidates([(1, line.encode())]))) == (1 if line.encode().strip() else 0)


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
