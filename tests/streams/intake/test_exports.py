from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decode import Accepted, decode
from streams.intake.formats import ga4, posthog, segment, snowplow
from streams.intake.formats.export import snake_case, time
from streams.intake.formats.snowplow_enriched import COLUMNS
from streams.intake.line import ParsedLine, RawLine, Unreadable
from weir.contracts import Event
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.times import to_epoch_s

Reader = Callable[[Iterable[RawLine]], Iterator[ParsedLine | Unreadable]]
READERS: dict[str, Reader] = {
    "snowplow": snowplow.candidates,
    "segment": segment.candidates,
    "posthog": posthog.candidates,
    "ga4": ga4.candidates,
}
MODULES = {"snowplow": snowplow, "segment": segment, "posthog": posthog, "ga4": ga4}
JSON_READERS = ("segment", "posthog", "ga4")
TIME = 1_772_360_102.25


def read(name: str, *lines: bytes | dict[str, Any]) -> list[ParsedLine | Unreadable]:
    raws = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return list(READERS[name](enumerate(raws, 1)))


def accepted(name: str, *lines: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    """The events as they are sent; each must be one that Weir takes, with its time in seconds."""
    events = []
    for made in read(name, *lines):
        assert isinstance(made, ParsedLine), made
        decoded = decode(made.value, 1_000_000)
        assert isinstance(decoded, Accepted), decoded
        events.append({**json.loads(made.value), "ts": decoded.ts})
    return events


def refused(name: str, *lines: bytes | dict[str, Any]) -> Unreadable:
    made = read(name, *lines)[-1]
    assert isinstance(made, Unreadable), made
    return made


def samples(name: str) -> list[bytes]:
    sample: bytes = MODULES[name].SAMPLE
    return sample.splitlines()


# What all of them promise.


@pytest.mark.parametrize("name", READERS)
def test_each_line_of_a_sample_is_an_event(name: str) -> None:
    events = accepted(name, *samples(name))
    assert len(events) == 2
    assert [event["visitor_id"] for event in events] == [events[0]["visitor_id"]] * 2
    assert events[0]["type"] == "page_view"
    assert events[0]["ts"] == TIME
    assert events[0]["url"] == "https://shop.example.com/shoes" + "?page=2" * (name == "segment")
    assert events[0]["referrer"] == "https://example.com/"
    assert events[1]["account_id"] == "customer-17"


@pytest.mark.parametrize("name", READERS)
def test_a_table_of_fields_names_fields_that_events_have(name: str) -> None:
    fields = [field for _, field in MODULES[name].FIELDS]
    assert {"visitor_id", "type", "ts"} <= {field for field in fields if "." not in field} <= set(Event.model_fields)
    assert all(field.startswith("properties.") for field in fields if "." in field)
    assert len(set(MODULES[name].FIELDS)) == len(fields)
    assert MODULES[name].LOST


WEIR_EVENT = {"event_id": "e1", "visitor_id": "anna", "type": "page_view", "ts": 1_700_000_000}


@pytest.mark.parametrize("name", READERS)
def test_a_line_of_one_export_is_no_line_of_another(name: str) -> None:
    others = [line for other in JSON_READERS if other != name for line in samples(other)]
    if name != "snowplow":
        others += [json.dumps(BIGQUERY_ROW).encode(), *samples("snowplow"), enriched(ENRICHED)]
    for line in (*others, json.dumps(WEIR_EVENT).encode(), json.dumps({**WEIR_EVENT, "type": "page"}).encode()):
        first: tuple[dict[str, Any], ...] = (BIGQUERY_ROW,) if name == "snowplow" else ()
        assert refused(name, *first, line).reason is DeadLetterReason.UNREADABLE_LINE


@pytest.mark.parametrize("name", JSON_READERS)
@pytest.mark.parametrize("line", [b"[]", b"1", b'"a"', b"{", b"{}", b"null", b"NaN", b'{"a":1e999}', b"\xff", b"a,b"])
def test_what_is_no_object_of_json_is_unreadable(name: str, line: bytes) -> None:
    bad = refused(name, line)
    assert bad.reason is DeadLetterReason.UNREADABLE_LINE
    assert bad.raw == line
    assert bad.detail.startswith("The line is not a")
    assert bad.detail.endswith(".")


@pytest.mark.parametrize("name", JSON_READERS)
def test_json_that_is_nested_too_deeply_is_unreadable(name: str) -> None:
    assert "too deeply" in refused(name, b'{"a":' * 50_000).detail


@pytest.mark.parametrize("name", JSON_READERS)
def test_a_text_that_is_not_utf8_says_so(name: str) -> None:
    assert refused(name, b'{"a":"\xff"}').reason is DeadLetterReason.NOT_UTF8


@pytest.mark.parametrize("name", JSON_READERS)
def test_blank_lines_are_passed_over_and_numbers_stay(name: str) -> None:
    assert [made.number for made in read(name, b"", samples(name)[0], b" ", samples(name)[1])] == [2, 4]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["1.5", 10**40]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(row: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a row."""
    children = row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


@st.composite
def damaged_rows(draw: st.DrawFn, rows: list[dict[str, Any]]) -> bytes:
    row: Any = json.loads(json.dumps(draw(st.sampled_from(rows))))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(row)[1:]))
        holder = row
        for step in path:
            holder = holder[step]
        holder[last] = draw(JSON_VALUES)
    return json.dumps(row, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


def good_rows(name: str) -> list[dict[str, Any]]:
    return [BIGQUERY_ROW] if name == "snowplow" else [json.loads(line) for line in samples(name)]


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_no_damaged_row_raises(name: str, data: st.DataObject) -> None:
    good = json.dumps(good_rows(name)[0]).encode()
    values = JSON_VALUES.map(json.dumps).map(str.encode)
    line = data.draw(damaged_rows(good_rows(name)) | values | st.binary(max_size=50))
    first, *rest = read(name, good, line)
    assert isinstance(first, ParsedLine)
    for made in rest:
        if isinstance(made, ParsedLine):
            decode(made.value, 1_000_000)
        else:
            assert made.detail.endswith(".")


@given(data=st.data())
def test_no_damaged_enriched_row_raises(data: st.DataObject) -> None:
    row = dict(ENRICHED)
    for column in data.draw(st.lists(st.sampled_from(COLUMNS), max_size=4)):
        row[column] = data.draw(st.text(max_size=9) | JSON_VALUES.map(json.dumps))
    noise = b"x" + data.draw(st.binary(max_size=9))
    assert len(read("snowplow", enriched(ENRICHED), enriched(row), noise)) == 3


@pytest.mark.parametrize("name", JSON_READERS)
def test_equal_lines_without_an_id_are_two_events_and_the_same_file_twice_is_not(name: str) -> None:
    row = {key: value for key, value in good_rows(name)[0].items() if key not in {"messageId", "uuid"}}
    first = [event["event_id"] for event in accepted(name, row, row)]
    assert len(set(first)) == 2
    assert first == [event["event_id"] for event in accepted(name, row, row)]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01 10:15:02.250 UTC",
        "2026-03-01 10:15:02.25 +0000",
        "2026-03-01 11:15:02.25 +01:00",
        "2026-03-01 10:15:02.25+00",
        "2026-03-01T10:15:02.25Z",
        "2026-03-01 10:15:02.250000",
        "1772360102.25",
        "1772360102250",
        1772360102250,
        1772360102.25,
    ],
)
def test_times_as_warehouses_write_them_are_read(written: str | float) -> None:
    read_time = time(written)
    assert read_time is not None
    assert to_epoch_s(read_time) == TIME


@pytest.mark.parametrize("written", ["soon", 10**400, -1, "99999999999999999999"])
def test_a_time_that_is_none_is_refused_where_all_events_are_checked(written: object) -> None:
    (made,) = read("segment", {**PAGE, "timestamp": written})
    assert isinstance(made, ParsedLine)
    assert not isinstance(decode(made.value, 1_000_000), Accepted)


@pytest.mark.parametrize("written", [None, "", True, [], {}])
def test_what_can_be_no_time_is_none(written: object) -> None:
    assert time(written) is None


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("$order-completed", "order_completed"),
        ("HTTP Error", "http_error"),
        ("Größe gewählt", "größe_gewählt"),
        ("!!!", "!!!"),
        ("A" * 5_000, "A" * 5_000),
    ],
)
def test_names_are_snake_cased(name: str, snake: str) -> None:
    assert snake_case(name) == snake


# snowplow

BIGQUERY_ROW = {
    "app_id": "shop",
    "event_id": "0b9c-1",
    "event_name": "snowplow_ecommerce_action",
    "domain_userid": "5f0c-anna",
    "domain_sessionid": "session-1",
    "domain_sessionidx": "3",
    "collector_tstamp": "2026-03-01 10:15:04.000 UTC",
    "derived_tstamp": "2026-03-01 10:15:02.250 UTC",
    "user_id": None,
    "user_ipaddress": "203.0.113.9",
    "useragent": "Mozilla/5.0 (X11)",
    "page_url": "https://shop.example.com/thanks",
    "page_title": "Thanks",
    "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1": {"type": "transaction"},
    "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1": [{"id": "shoe-1"}, {"id": "shoe-2"}],
    "contexts_com_snowplowanalytics_snowplow_ecommerce_transaction_1": [
        {"transaction_id": "1001", "revenue": 59.9, "currency": "EUR"}
    ],
}
ENRICHED = {
    "app_id": "shop",
    "collector_tstamp": "2026-03-01 10:15:04.000",
    "event": "page_view",
    "event_id": "0b9c-1",
    "user_id": "customer-17",
    "user_ipaddress": "203.0.113.9",
    "domain_userid": "5f0c-anna",
    "page_url": "https://shop.example.com/shoes",
    "page_title": "Shoes",
    "page_referrer": "https://example.com/",
    "useragent": "Mozilla/5.0 (X11)",
    "domain_sessionid": "session-1",
    "derived_tstamp": "2026-03-01 10:15:02.250",
    "event_name": "page_view",
}


def enriched(row: dict[str, str]) -> bytes:
    return "\t".join(row.get(column, "") for column in COLUMNS).encode()


def self_describing(name: str, data: object) -> dict[str, object]:
    return {"schema": f"iglu:com.snowplowanalytics.snowplow.ecommerce/{name}/jsonschema/1-0-0", "data": data}


def test_a_row_that_bigquery_exported_is_an_event_with_its_nested_records() -> None:
    assert accepted("snowplow", BIGQUERY_ROW) == [
        {
            "event_id": "0b9c-1",
            "visitor_id": "5f0c-anna",
            "type": "purchase",
            "ts": TIME,
            "url": "https://shop.example.com/thanks",
            "user_agent": "Mozilla/5.0 (X11)",
            "ip": "203.0.113.9",
            "item_id": "shoe-1",
            "value": 59.9,
            "currency": "EUR",
            "properties": {
                "app_id": "shop",
                "page_title": "Thanks",
                "domain_sessionid": "session-1",
                "order_id": "1001",
            },
        }
    ]


def test_the_enriched_event_has_the_columns_of_the_canonical_model() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 131
    known = (
        "app_id 0 collector_tstamp 3 event_id 6 user_id 12 user_ipaddress 13 domain_userid 15 page_url 29 contexts 52"
    )
    known += (
        " unstruct_event 58 useragent 77 derived_contexts 122 domain_sessionid 123 derived_tstamp 124 event_name 126"
    )
    words = known.split()
    assert [str(COLUMNS.index(name)) for name in words[::2]] == words[1::2]


def test_an_enriched_row_is_an_event() -> None:
    assert accepted("snowplow", enriched(ENRICHED)) == [
        {
            "event_id": "0b9c-1",
            "visitor_id": "5f0c-anna",
            "account_id": "customer-17",
            "type": "page_view",
            "ts": TIME,
            "url": "https://shop.example.com/shoes",
            "referrer": "https://example.com/",
            "user_agent": "Mozilla/5.0 (X11)",
            "ip": "203.0.113.9",
            "properties": {"app_id": "shop", "page_title": "Shoes", "domain_sessionid": "session-1"},
        }
    ]


def test_an_enriched_row_of_a_shop_says_what_was_done_with_which_product() -> None:
    row = {
        **ENRICHED,
        "event_name": "snowplow_ecommerce_action",
        "unstruct_event": json.dumps({"data": self_describing("snowplow_ecommerce_action", {"type": "add_to_cart"})}),
        "contexts": json.dumps(
            {"data": [{"schema": "iglu:x/y/jsonschema/1-0-0"}, 7, self_describing("product", {"id": "shoe-1"})]}
        ),
    }
    (event,) = accepted("snowplow", enriched(row))
    assert (event["type"], event["item_id"]) == ("add_to_cart", "shoe-1")


@pytest.mark.parametrize("content", ["snowplow.ecommerce", '{"data":"snowplow.ecommerce"}', '["snowplow.ecommerce"]'])
def test_an_enriched_row_with_broken_contexts_keeps_its_own_name(content: str) -> None:
    assert accepted("snowplow", enriched({**ENRICHED, "contexts": content}))[0]["type"] == "page_view"


def test_enriched_rows_that_are_no_events_say_why() -> None:
    nobody = enriched({**ENRICHED, "domain_userid": ""})
    made = read("snowplow", enriched(ENRICHED), nobody, enriched(ENRICHED)[:-9] + b"\xff", enriched(ENRICHED)[:300])
    assert [one.reason for one in made[1:] if isinstance(one, Unreadable)] == [
        DeadLetterReason.NO_VISITOR,
        DeadLetterReason.NOT_UTF8,
        DeadLetterReason.UNREADABLE_LINE,
    ]


def test_the_collectors_time_stands_in_for_a_missing_derived_one() -> None:
    assert accepted("snowplow", enriched({**ENRICHED, "derived_tstamp": ""}))[0]["ts"] == TIME + 1.75
    assert accepted("snowplow", {**BIGQUERY_ROW, "derived_tstamp": None})[0]["ts"] == TIME + 1.75


@pytest.mark.parametrize("visitor", [{"domain_userid": None}, {"domain_userid": ""}])
def test_a_row_of_json_without_a_visitor_has_its_own_reason(visitor: dict[str, object]) -> None:
    assert refused("snowplow", BIGQUERY_ROW | visitor).reason is DeadLetterReason.NO_VISITOR
    left_out = {name: value for name, value in BIGQUERY_ROW.items() if name != "domain_userid"}
    assert refused("snowplow", left_out).reason is DeadLetterReason.NO_VISITOR


@pytest.mark.parametrize("field", ["event_id", "event_name"])
def test_a_row_of_json_that_lacks_what_marks_snowplow_names_the_field(field: str) -> None:
    assert field in refused("snowplow", {**BIGQUERY_ROW, field: None}).detail


def test_a_row_of_json_without_a_time_names_the_field() -> None:
    row = {**BIGQUERY_ROW, "derived_tstamp": None, "collector_tstamp": None}
    assert "derived_tstamp" in refused("snowplow", row).detail


def test_a_csv_reads_bigquerys_times_and_the_old_transactions() -> None:
    header = b"event_id,domain_userid,derived_tstamp,event_name,tr_orderid,tr_total,tr_currency"
    (event,) = accepted("snowplow", header, b"e1,anna,2026-03-01 10:15:02.250 UTC,transaction,1001,59.90,EUR")
    assert (event["type"], event["value"], event["currency"], event["ts"]) == ("purchase", 59.9, "EUR", TIME)
    assert event["properties"] == {"order_id": "1001"}


# segment

PAGE = json.loads(segment.SAMPLE.splitlines()[0])
TRACK = json.loads(segment.SAMPLE.splitlines()[1])


def test_a_page_of_segment_is_a_page_view() -> None:
    assert accepted("segment", PAGE) == [
        {
            "event_id": "ajs-next-1",
            "visitor_id": "5f0c-anna",
            "type": "page_view",
            "ts": TIME,
            "url": "https://shop.example.com/shoes?page=2",
            "referrer": "https://example.com/",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "ip": "203.0.113.9",
            "properties": {"page_title": "Shoes"},
        }
    ]


def test_an_order_is_a_purchase_with_its_revenue_and_first_product() -> None:
    (event,) = accepted("segment", TRACK)
    assert (event["type"], event["value"], event["currency"]) == ("purchase", 59.9, "EUR")
    assert (event["item_id"], event["properties"], event["account_id"]) == (
        "shoe-1",
        {"order_id": "1001"},
        "customer-17",
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"event": "Product Added"}, "add_to_cart"),
        ({"event": "Product Removed"}, "remove_from_cart"),
        ({"event": "Products Searched"}, "search"),
        ({"event": "Signed In"}, "login"),
        ({"event": "Product Viewed"}, "product_viewed"),
        ({"event": "newsletterOrdered"}, "newsletter_ordered"),
        ({"type": "screen"}, "page_view"),
        ({"type": "identify"}, "identify"),
        ({"type": "group"}, "group"),
        ({"type": "alias"}, "alias"),
    ],
)
def test_messages_of_segment_have_weirs_type_or_their_own(change: dict[str, str], expected: str) -> None:
    assert accepted("segment", TRACK | change)[0]["type"] == expected


def test_a_search_has_its_words_and_the_query_of_an_address_is_none() -> None:
    searched = {**TRACK, "event": "Products Searched", "properties": {"query": "shoes"}}
    assert accepted("segment", searched)[0]["query"] == "shoes"
    assert "query" not in accepted("segment", PAGE)[0]


def test_the_page_is_the_url_rather_than_the_products() -> None:
    clicked = {**TRACK, "properties": {"url": "https://shop.example.com/product/1"}}
    assert accepted("segment", clicked)[0]["url"] == "https://shop.example.com/thanks"
    assert accepted("segment", {**clicked, "context": {}})[0]["url"] == "https://shop.example.com/product/1"


def test_a_user_without_an_anonymous_id_is_the_visitor() -> None:
    (event,) = accepted("segment", {**TRACK, "anonymousId": None, "userId": 17})
    assert (event["visitor_id"], event["account_id"]) == ("17", "17")


def test_a_message_of_nobody_has_no_visitor() -> None:
    assert refused("segment", {**TRACK, "anonymousId": "", "userId": None}).reason is DeadLetterReason.NO_VISITOR


def test_the_clients_own_time_stands_in_for_a_missing_one() -> None:
    row = {**PAGE, "timestamp": None, "originalTimestamp": "2026-03-01T10:15:03.250Z"}
    assert accepted("segment", row)[0]["ts"] == TIME + 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": "purchase"}, "type"),
        ({"type": ["page"]}, "type"),
        ({"timestamp": {}}, "timestamp"),
        ({"event": None}, "event"),
    ],
)
def test_a_broken_message_of_segment_names_the_field(change: dict[str, object], named: str) -> None:
    assert f"field {named} " in refused("segment", TRACK | change).detail


@pytest.mark.parametrize("revenue", ["much", "nan", "1e999", 10**400, True, [], "", None])
def test_a_revenue_that_is_no_number_is_left_out(revenue: object) -> None:
    assert "value" not in accepted("segment", {**TRACK, "properties": {"revenue": revenue}})[0]


def test_a_value_without_a_currency_is_money_only_in_a_purchase() -> None:
    assert accepted("segment", {**TRACK, "properties": {"value": 3}})[0]["value"] == 3
    assert "value" not in accepted("segment", {**TRACK, "event": "Slider Moved", "properties": {"value": 3}})[0]


# posthog

PAGEVIEW = json.loads(posthog.SAMPLE.splitlines()[0])
ORDER = json.loads(posthog.SAMPLE.splitlines()[1])


def with_properties(row: dict[str, Any], **properties: object) -> dict[str, Any]:
    return {**row, "properties": {**row["properties"], **{f"${name}": value for name, value in properties.items()}}}


def test_a_pageview_of_posthog_is_a_page_view() -> None:
    assert accepted("posthog", PAGEVIEW) == [
        {
            "event_id": "0190a1b2-0000-7000-8000-000000000001",
            "visitor_id": "0190a1b2-device",
            "type": "page_view",
            "ts": TIME,
            "url": "https://shop.example.com/shoes",
            "referrer": "https://example.com/",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "ip": "203.0.113.9",
            "properties": {"page_title": "Shoes", "session_id": "0190a1b2-session"},
        }
    ]


def test_properties_as_a_text_of_json_are_read() -> None:
    (event,) = accepted("posthog", ORDER)
    assert (event["type"], event["value"], event["currency"]) == ("purchase", 59.9, "EUR")
    assert event["visitor_id"] == "0190a1b2-device"


@pytest.mark.parametrize("properties", ["{", "[]", "1", [], 7, "[" * 50_000])
def test_properties_that_are_no_object_are_named(properties: object) -> None:
    assert "field properties " in refused("posthog", {**PAGEVIEW, "properties": properties}).detail


def test_properties_may_be_missing() -> None:
    for properties in (None, ""):
        (event,) = accepted("posthog", {**PAGEVIEW, "properties": properties})
        assert event["visitor_id"] == "0190a1b2-device"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("$screen", "page_view"),
        ("$pageleave", "page_leave"),
        ("$identify", "identify"),
        ("$autocapture", "autocapture"),
        ("Product Added", "add_to_cart"),
        ("user signed up", "user_signed_up"),
    ],
)
def test_events_of_posthog_have_weirs_type_or_their_own(name: str, expected: str) -> None:
    assert accepted("posthog", {**PAGEVIEW, "event": name})[0]["type"] == expected


def test_what_was_captured_by_itself_is_a_click_only_if_it_was_one() -> None:
    captured = {**PAGEVIEW, "event": "$autocapture"}
    assert accepted("posthog", with_properties(captured, event_type="click"))[0]["type"] == "click"
    assert accepted("posthog", with_properties(captured, event_type="submit"))[0]["type"] == "autocapture"


def test_a_visitor_stays_one_when_a_person_is_identified() -> None:
    identified = {**PAGEVIEW, "distinct_id": "customer-17"}
    before, after = accepted("posthog", PAGEVIEW, identified)
    assert before["visitor_id"] == after["visitor_id"]
    assert "account_id" not in before
    assert after["account_id"] == "customer-17"


def test_a_distinct_id_that_identifies_nobody_is_no_account() -> None:
    reset = with_properties({**PAGEVIEW, "distinct_id": "another"}, is_identified=False)
    server = with_properties({**PAGEVIEW, "distinct_id": "customer-17"}, device_id=None)
    for event in accepted("posthog", reset, server):
        assert "account_id" not in event
    (event,) = accepted("posthog", with_properties(server, is_identified=True))
    assert (event["visitor_id"], event["account_id"]) == ("customer-17", "customer-17")


def test_a_direct_visit_has_no_referrer() -> None:
    assert "referrer" not in accepted("posthog", with_properties(PAGEVIEW, referrer="$direct"))[0]


def test_an_event_of_nobody_has_no_visitor() -> None:
    nobody = with_properties({**PAGEVIEW, "distinct_id": ""}, device_id=None)
    assert refused("posthog", nobody).reason is DeadLetterReason.NO_VISITOR


@pytest.mark.parametrize(("change", "named"), [({"event": ""}, "event"), ({"timestamp": None}, "timestamp")])
def test_a_broken_event_of_posthog_names_the_field(change: dict[str, object], named: str) -> None:
    assert f"field {named} " in refused("posthog", PAGEVIEW | change).detail


# ga4

VIEW = json.loads(ga4.SAMPLE.splitlines()[0])
PURCHASE = json.loads(ga4.SAMPLE.splitlines()[1])


def test_a_page_view_of_ga4_has_its_parameters() -> None:
    (event,) = accepted("ga4", VIEW)
    assert len(event.pop("event_id")) == 34
    assert event == {
        "visitor_id": "1234567890.1772360000",
        "type": "page_view",
        "ts": TIME,
        "url": "https://shop.example.com/shoes",
        "referrer": "https://example.com/",
        "properties": {"page_title": "Shoes", "session_id": "1772360000"},
    }


def test_a_purchase_of_ga4_has_its_revenue_and_first_item() -> None:
    (event,) = accepted("ga4", PURCHASE)
    assert (event["type"], event["value"], event["currency"]) == ("purchase", 59.9, "EUR")
    assert (event["item_id"], event["properties"], event["account_id"]) == (
        "shoe-1",
        {"order_id": "1001"},
        "customer-17",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("screen_view", "page_view"),
        ("view_search_results", "search"),
        ("in_app_purchase", "purchase"),
        *((same, same) for same in ("click", "scroll", "add_to_cart", "remove_from_cart", "login", "view_item")),
    ],
)
def test_events_of_ga4_have_weirs_type_or_their_own(name: str, expected: str) -> None:
    assert accepted("ga4", {**VIEW, "event_name": name})[0]["type"] == expected


def test_words_that_were_searched_for_are_the_query() -> None:
    params = [{"key": "search_term", "value": {"string_value": "shoes"}}]
    assert accepted("ga4", {**VIEW, "event_name": "search", "event_params": params})[0]["query"] == "shoes"


def test_times_of_ga4_are_numbers_or_texts_of_microseconds() -> None:
    for written in (1772360102250000, "1772360102250000"):
        assert accepted("ga4", {**VIEW, "event_timestamp": written})[0]["ts"] == TIME


@pytest.mark.parametrize("written", [None, "", "soon", -1, "-1", 1.5, True, [], "²", 10**17, "1" * 30])
def test_a_time_of_ga4_that_is_no_count_of_microseconds_is_named(written: object) -> None:
    assert "field event_timestamp " in refused("ga4", {**VIEW, "event_timestamp": written}).detail


@pytest.mark.parametrize("params", ["x", {}, 7, [1], [{"value": {}}], [{"key": 7}]])
def test_parameters_of_another_form_are_named(params: object) -> None:
    assert "field event_params " in refused("ga4", {**VIEW, "event_params": params}).detail


def test_parameters_and_their_values_may_be_missing() -> None:
    for params in (None, [], [{"key": "page_location"}], [{"key": "page_location", "value": {"string_value": None}}]):
        assert "url" not in accepted("ga4", {**VIEW, "event_params": params})[0]


def test_a_parameter_has_the_one_of_its_values_that_is_not_null() -> None:
    params = [{"key": "ga_session_id", "value": {"string_value": None, "int_value": "7", "double_value": None}}]
    assert accepted("ga4", {**VIEW, "event_params": params})[0]["properties"] == {"session_id": "7"}


def test_what_was_not_set_is_left_out() -> None:
    row = {
        **PURCHASE,
        "items": [{"item_id": "(not set)"}],
        "ecommerce": {"purchase_revenue": None, "transaction_id": "(not set)"},
    }
    (event,) = accepted("ga4", row)
    assert "item_id" not in event
    assert "properties" not in event
    assert event["value"] == 59.9


def test_visitors_who_gave_no_consent_are_no_visitors() -> None:
    for row in ({**VIEW, "user_pseudo_id": None}, {k: v for k, v in VIEW.items() if k != "user_pseudo_id"}):
        assert refused("ga4", row).reason is DeadLetterReason.NO_VISITOR
