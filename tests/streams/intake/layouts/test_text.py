from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.layouts import kinds
from streams.intake.layouts.compiled import AmbiguousColumnError
from streams.intake.layouts.kinds import ColumnKind, Field
from streams.intake.layouts.layout import Extras, Layout, LayoutColumn, bare, bracketed, quoted, spaced
from streams.intake.layouts.text import TextParser
from tests.streams.intake.layouts.logs import AGENT, COMBINED, event_of, layout, made_of, parser_of, problem_of

HEADS = (
    "Feb  6 12:14:14 web1 nginx: ",
    "<134>Feb  6 12:14:14 web1 nginx[811]: ",
    "2026-02-06T12:14:14.123456+00:00 web1 nginx: ",
    "<134>1 2026-02-06T12:14:14Z web1 nginx 811 access - ",
    "2026-02-06T12:14:14.123456789Z stdout F ",
    "web_1  | ",
)


def test_a_combined_line_becomes_a_page_view() -> None:
    event = event_of("combined", COMBINED)
    assert len(event.pop("visitor_id")) == 32
    assert event.pop("event_id").endswith("-1")
    assert event == {
        "account_id": "anna",
        "type": "page_view",
        "ts": 1_431_849_903.0,
        "url": "/shop?page=2",
        "referrer": "https://example.com/",
        "user_agent": AGENT,
        "ip": "203.0.113.9",
        "method": "GET",
        "status": 200,
        "bytes": 2326,
    }


def test_a_common_line_has_neither_referrer_nor_user_agent() -> None:
    event = event_of("common", '::1 - - [01/Jan/2020:00:00:00 -0030] "POST /login HTTP/1.1" 302 -')
    assert (event["type"], event["ts"]) == ("request", 1_577_838_600.0)
    assert not {"referrer", "user_agent", "bytes", "account_id"} & set(event)


@pytest.mark.parametrize("head", HEADS)
def test_what_a_log_collector_puts_before_a_line_is_passed_over(head: str) -> None:
    assert event_of("combined", head + COMBINED)["url"] == "/shop?page=2"


def test_escapes_of_every_server_are_undone() -> None:
    line = COMBINED.replace("/shop?page=2", r"/\"q\"?x=\xc3\xa9\\\t").replace(AGENT, r"Mozilla/5.0 \xff")
    event = event_of("combined", line)
    assert (event["url"], event["user_agent"]) == ('/"q"?x=é\\\t', "Mozilla/5.0 \ufffd")
    doubled = event_of("combined", COMBINED.replace(AGENT, 'a ""b""').replace("https://example.com/", ""))
    assert doubled["user_agent"] == 'a "b"'
    assert "referrer" not in doubled


@pytest.mark.parametrize(
    ("request_line", "method", "url"),
    [
        ("-", None, None),
        ("", None, None),
        (r"\x16\x03\x01", None, "\x16\x03\x01"),
        ("GET /", "GET", "/"),
        ("GET /a b c HTTP/1.0", "GET", "/a b c"),
        ("GET  HTTP/1.0", "GET", " HTTP/1.0"),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
        ("quit", None, "quit"),
    ],
)
def test_what_was_requested_is_kept_however_odd(request_line: str, method: str | None, url: str | None) -> None:
    event = event_of("combined", COMBINED.replace("GET /shop?page=2 HTTP/1.1", request_line))
    assert (event.get("method"), event.get("url")) == (method, url)


def test_one_visitor_is_one_address_with_one_user_agent() -> None:
    lines = (
        COMBINED,
        COMBINED.replace("/shop", "/other"),
        COMBINED.replace("X11", "Mac"),
        COMBINED.replace(".9", ".8", 1),
    )
    visitors = [event_of("combined", line)["visitor_id"] for line in lines]
    assert visitors[0] == visitors[1]
    assert len(set(visitors)) == 3


@pytest.mark.parametrize("address", ["2001:db8::9", "[2001:db8::9]", "2001:DB8:0::9"])
def test_an_ipv6_address_is_one_client_however_it_is_written(address: str) -> None:
    assert event_of("combined", COMBINED.replace("203.0.113.9", address))["ip"] == "2001:db8::9"


def test_an_ipv4_address_within_ipv6_is_itself() -> None:
    assert event_of("combined", COMBINED.replace("203.0.113.9", "::ffff:203.0.113.9"))["ip"] == "203.0.113.9"


@pytest.mark.parametrize(
    "line",
    [
        *(COMBINED[:length] for length in (1, 20, 45, 60, 80, 95, 110, len(COMBINED) - 1)),
        COMBINED.replace("May", "Mai"),
        COMBINED.replace("17/May", "31/Feb"),
        COMBINED.replace("+0200", "+9900"),
        "a b c [" + " [" * 10_000,
        '" ' * 10_000,
        "1.2.3.4 - " + "a " * 100_000,
        COMBINED + ' "x' * 50_000,
    ],
)
def test_a_cut_or_damaged_line_is_refused_with_a_sentence(line: str) -> None:
    assert problem_of("combined", line).endswith((".", "?"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (COMBINED.replace("2326 ", "2326 1523 "), "Column 8 is '1523' where combined has the referrer."),
        (COMBINED.replace("200 2326", "200 0.012 2326"), "Column 7 is '0.012' where combined has the size."),
        (COMBINED.replace(' "GET', ' 17 "GET'), "Column 5 is '17' where combined has the request line."),
        ("15 " + COMBINED, "Column 1 is '15' where combined has the client's address."),
        (COMBINED.replace(f' "{AGENT}"', ""), "The line ends before column 9, the user agent: it may be cut off."),
    ],
)
def test_an_unknown_column_is_named_by_its_number_and_content(line: str, says: str) -> None:
    assert problem_of("combined", line) == says


def test_columns_behind_the_last_one_are_carried_by_name_or_number() -> None:
    line = COMBINED + r' "-" 0.003 rt=0.178 uct="0.001" ua=- [web] "a \"b\""'
    assert event_of("combined", line)["properties"] == {
        "column_11": "0.003",
        "rt": "0.178",
        "uct": "0.001",
        "column_15": "web",
        "column_16": 'a "b"',
    }


def test_a_quoted_column_is_never_passed_over_where_the_layout_has_no_user_agent() -> None:
    line = '203.0.113.9 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" 200 5 1523 "-" "sqlmap/1.7"'
    assert problem_of("common", line) == "Column 9 is '\"-\"', and common has no such column."


def test_an_account_may_hold_spaces_and_swallows_no_column() -> None:
    assert event_of("combined", COMBINED.replace("anna", "Anna Maria"))["account_id"] == "Anna Maria"
    strict = TextParser(_text_layout("combined"), strict=True)
    others = ("[203.0.113.9] - anna", "- 15", "anna -", "HIT", "198.51.100.7", "198.51.100.7 - anna", "rt=0.1")
    for other in (*others, 'anna "www.example.com"'):
        with pytest.raises(ValueError, match="Column"):
            strict.parse(COMBINED.replace("anna", other))
    for other in others:
        event = event_of("combined", COMBINED.replace("anna", other))
        assert "account_id" not in event
        assert event["properties"] == {"unusual_account": other}


@pytest.mark.parametrize("account", ["a[b", "a]b", "- x", "x -", 'a\\"b', '""', "x" * 1_000, "a, 6.6.6.6 - b"])
def test_no_account_that_a_client_sends_costs_a_line(account: str) -> None:
    assert event_of("combined", COMBINED.replace("anna", account))["ip"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("forwarded-combined", "203.0.113.4 - x, 198.51.100.9 - anna ["),
        ("vhost-combined", "h 6.6.6.6 - 198.51.100.9 - x ["),
    ],
)
def test_a_client_that_writes_two_columns_makes_no_client_of_them(name: str, line: str) -> None:
    assert "Column" in problem_of(name, line + COMBINED.partition(" [")[2])


def test_a_forwarded_list_in_the_first_column_may_hold_anything_before_the_proxys_entry() -> None:
    for made_up in ("x y, ", "evil.example.com, ", "<script>, ", "1.2.3.4, " * 70):
        line = f"{made_up}198.51.100.9 - - [" + COMBINED.partition(" [")[2]
        assert event_of("forwarded-combined", line)["ip"] == "198.51.100.9"


def test_a_method_that_is_too_long_is_cut_and_costs_no_line() -> None:
    event = event_of("combined", COMBINED.replace("GET", "G" * 100))
    assert (event["method"], event["properties"]) == ("G" * 32, {"cut": "method"})


@pytest.mark.parametrize(
    ("field", "old", "most"), [("user_agent", AGENT, 2_048), ("url", "/shop", 16_384)], ids=["user_agent", "url"]
)
def test_a_free_text_keeps_one_character_too_many_so_that_the_decoder_marks_it(field: str, old: str, most: int) -> None:
    event = event_of("combined", COMBINED.replace(old, "/" + "a" * 100_000))
    assert len(event[field]) == most + 1
    assert "cut" not in (event.get("properties") or {})


def test_bytes_that_are_no_utf8_cost_no_line() -> None:
    assert event_of("combined", COMBINED.replace("X11", "\udcff"))["user_agent"].startswith("Mozilla/5.0 (\ufffd")


def test_haproxys_addresses_end_before_the_last_colon() -> None:
    line = str(_text_layout("haproxy").sample)
    for address, ip in (("2001:db8::9", "2001:db8::9"), ("::ffff:203.0.113.7", "203.0.113.7")):
        assert event_of("haproxy", line.replace("203.0.113.9:33317", f"{address}:33317"))["ip"] == ip


def test_a_forwarded_list_that_a_client_made_up_costs_no_line() -> None:
    line = COMBINED.replace("203.0.113.9", "10.0.0.3") + ' "<script>, 198.51.100.7"'
    assert event_of("main", line)["ip"] == "198.51.100.7"


@given(st.text(max_size=100).map(lambda text: text.replace("\n", " ")))
def test_no_line_raises(text: str) -> None:
    parser = TextParser(_text_layout("combined"))
    for line in (text, COMBINED.replace("/shop", text), COMBINED.replace("2326", text), COMBINED + text):
        assert len(made_of(parser, line)) <= 1


def test_a_column_whose_end_cannot_be_told_is_refused() -> None:
    with pytest.raises(AmbiguousColumnError, match="user_agent can contain spaces"):
        TextParser(Layout("x", "", spaced(bare("user_agent", kinds.USER_AGENT), bare("status", kinds.STATUS))))
    with pytest.raises(AmbiguousColumnError, match="directly before"):
        TextParser(Layout("x", "", (bare("url", kinds.URL), bare("status", kinds.STATUS))))


def _text_layout(name: str) -> Layout:
    found = layout(name)
    assert isinstance(found, Layout)
    return found


# Any layout that is written is read back, field for field.

Written = tuple[LayoutColumn, str, object]
"""A column, its text on the line, and what it must be read as."""
_WORDS = st.text(st.characters(codec="utf-8", exclude_characters='"\\\n\r[]'), min_size=1, max_size=20).filter(
    lambda text: text not in {"-", ""}
)
_NAMES = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,5})?\.(com|org)", fullmatch=True)
_ADDRESSES = st.ip_addresses().map(str)


def _escaped(text: str) -> str:
    return "".join(char if char.isprintable() and char.isascii() else _bytes_escaped(char) for char in text)


def _bytes_escaped(char: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in char.encode())


def _clf(moment: datetime) -> str:
    return f"{moment:%d/%b/%Y:%H:%M:%S} +0000"


_MOMENTS = st.datetimes(datetime(2001, 9, 10), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
_COLUMNS: dict[str, Callable[[], st.SearchStrategy[tuple[ColumnKind, str, str, object]]]] = {
    "client": lambda: _ADDRESSES.map(lambda text: (kinds.CLIENT, "bare", text, text)),
    "account": lambda: _WORDS.map(lambda text: (kinds.ACCOUNT, "quoted", _escaped(text), text)),
    "request": lambda: _WORDS.map(lambda text: (kinds.REQUEST, "quoted", _escaped(text), text)),
    "status": lambda: st.integers(100, 599).map(lambda code: (kinds.STATUS, "either", str(code), str(code))),
    "bytes": lambda: st.integers(0, 2**40).map(lambda size: (kinds.BYTES, "either", str(size), str(size))),
    "referrer": lambda: _WORDS.map(lambda text: (kinds.REFERRER, "quoted", _escaped(text), text)),
    "user_agent": lambda: _WORDS.map(lambda text: (kinds.USER_AGENT, "quoted", _escaped(text), text)),
    "host": lambda: _NAMES.map(lambda text: (kinds.HOST, "either", text, text)),
}


@st.composite
def written_layouts(draw: st.DrawFn) -> tuple[Layout, str, dict[Field | str, object]]:
    """A layout of random columns in random order, a line in it, and what must be read."""
    moment = draw(_MOMENTS)
    names = draw(st.lists(st.sampled_from(sorted(_COLUMNS)), unique=True, min_size=1))
    names.insert(draw(st.integers(0, len(names))), "time")
    columns, texts = [], []
    expected: dict[Field | str, object] = {}
    for name in names:
        if name == "time":
            columns.append(bracketed("time", kinds.CLF_TIME))
            texts.append(f"[{_clf(moment)}]")
            expected[Field.TIME] = moment.timestamp()
            continue
        kind, form, text, value = draw(_COLUMNS[name]())
        in_quotes = form == "quoted" or (form == "either" and draw(st.booleans()))
        columns.append(quoted(name, kind) if in_quotes else bare(name, kind))
        texts.append(f'"{text}"' if in_quotes else text)
        expected[name if kind.field is Field.PROPERTY else kind.field] = value
    extra = draw(st.none() | st.from_regex(r"[0-9]\.[0-9]{3}", fullmatch=True))
    if extra is not None:
        texts.append(f"rt={extra}")
        expected["rt"] = extra
    return Layout("drawn", "", spaced(*columns), extras=Extras.ANY), " ".join(texts), expected


@given(written_layouts(), st.sampled_from(["", *HEADS]))
def test_any_layout_is_read_back_field_for_field(
    drawn: tuple[Layout, str, dict[Field | str, object]], head: str
) -> None:
    drawn_layout, line, expected = drawn
    row = TextParser(drawn_layout).parse(head + line)
    assert row.values | row.properties == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [" [", ' "', "a=", ", 1.1.1.1", "\\", "a, ", "1:", " - "])
def test_no_line_takes_more_than_linear_time(text: str) -> None:
    for name in ("combined", "main", "vhost-combined", "forwarded-combined", "ingress", "haproxy-captures", "lighttpd"):
        for line in (text * 30_000, COMBINED + " " + text * 30_000, COMBINED.replace("anna", text * 30_000)):
            made_of(parser_of(layout(name)), line)


@pytest.mark.parametrize("account", ["CN=anna,OU=x", "/C=DE/O=Acme/CN=anna", "anna@example.com", "a=b", "Doe, John"])
def test_usual_accounts_of_directories_are_accounts(account: str) -> None:
    assert event_of("combined", COMBINED.replace("anna", account))["account_id"] == account


def test_an_empty_account_is_none() -> None:
    assert "account_id" not in event_of("combined", COMBINED.replace("anna", '""'))
