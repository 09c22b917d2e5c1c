from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decode import Accepted, Refused, decode
from weir.contracts import Event
from weir.contracts.base import longest
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.event import FREE_TEXTS

GOOD = {"event_id": "e1", "visitor_id": "v1", "type": "page_view", "ts": 1_700_000_000}
LIMIT = 10_000


def event(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


@pytest.mark.parametrize(
    ("value", "reason", "named"),
    [
        (None, DeadLetterReason.EMPTY_VALUE, "no value"),
        (b"", DeadLetterReason.EMPTY_VALUE, "no value"),
        (event(text="x" * LIMIT), DeadLetterReason.TOO_LARGE, "10000"),
        (b'{"x": "\xff"}', DeadLetterReason.NOT_UTF8, "UTF-8"),
        (event(properties=json.loads("[" * 70 + "]" * 70)), DeadLetterReason.TOO_DEEP, "64"),
        (b"[" * LIMIT, DeadLetterReason.TOO_DEEP, "64"),
        (b"hello", DeadLetterReason.NOT_JSON, "JSON"),
        (b'{"a": 1', DeadLetterReason.NOT_JSON, "JSON"),
        (event(text="x")[:-1] + b',"text":"\\ud800"}', DeadLetterReason.NOT_JSON, "JSON"),
        (b"[]", DeadLetterReason.NOT_AN_OBJECT, "object"),
        (b"17", DeadLetterReason.NOT_AN_OBJECT, "object"),
        (without("event_id"), DeadLetterReason.MISSING_FIELD, "event_id"),
        (without("visitor_id"), DeadLetterReason.MISSING_FIELD, "visitor_id"),
        (without("ts"), DeadLetterReason.MISSING_FIELD, "ts"),
        (b"{}", DeadLetterReason.MISSING_FIELD, "3 more"),
        (event(visitor_id=17), DeadLetterReason.WRONG_TYPE, "visitor_id"),
        (event(status="200"), DeadLetterReason.WRONG_TYPE, "status"),
        (event(status=200.0), DeadLetterReason.WRONG_TYPE, "status"),
        (event(status=True), DeadLetterReason.WRONG_TYPE, "status"),
        (event(ts=None), DeadLetterReason.WRONG_TYPE, "ts is neither a number nor a string"),
        (event(ts=True), DeadLetterReason.WRONG_TYPE, "ts"),
        (event(properties=[1]), DeadLetterReason.WRONG_TYPE, "properties"),
        (event(visitor_id=""), DeadLetterReason.OUT_OF_BOUNDS, "visitor_id"),
        (event(visitor_id="v" * 513), DeadLetterReason.OUT_OF_BOUNDS, "512"),
        (event(status=1000), DeadLetterReason.OUT_OF_BOUNDS, "999"),
        (event(value=1e308), DeadLetterReason.OUT_OF_BOUNDS, "value"),
        (event(ts="x" * 65), DeadLetterReason.OUT_OF_BOUNDS, "64"),
        (event(ts=float("nan")), DeadLetterReason.NOT_FINITE, "NaN"),
        (event(unknown=float("inf")), DeadLetterReason.NOT_FINITE, "Infinity"),
        (event().replace(b"1700000000", b"1e999"), DeadLetterReason.NOT_FINITE, "ts"),
        (event(value=0).replace(b": 0", b": 1e999"), DeadLetterReason.NOT_FINITE, "value"),
        (event(unknown=0).replace(b": 0}", b": " + b"1" * 5_000 + b"}"), DeadLetterReason.NOT_FINITE, "4300"),
        (event(ts=-1), DeadLetterReason.BAD_TS, "1970"),
        (event(ts=1e308), DeadLetterReason.BAD_TS, "1970"),
        (event(ts="yesterday"), DeadLetterReason.BAD_TS, "ISO 8601"),
        (event(ts=""), DeadLetterReason.BAD_TS, "ISO 8601"),
    ],
)
def test_what_is_wrong_is_told_by_a_code_and_a_sentence(
    value: bytes | None, reason: DeadLetterReason, named: str
) -> None:
    refused = decode(value, LIMIT)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert named in refused.detail
    assert refused.detail.endswith(".")


@pytest.mark.parametrize(
    ("ts", "seconds"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000.25, 1_700_000_000.25),
        (1_700_000_000_250, 1_700_000_000.25),
        ("2023-11-14T22:13:20.250Z", 1_700_000_000.25),
        ("2023-11-14 23:13:20+01:00", 1_700_000_000.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        (0, 0.0),
    ],
)
def test_times_are_told_apart(ts: float | str, seconds: float) -> None:
    accepted = decode(event(ts=ts), LIMIT)
    assert isinstance(accepted, Accepted)
    assert accepted.ts == seconds


def test_unknown_fields_types_and_brackets_in_texts_are_no_reason_to_refuse() -> None:
    accepted = decode(event(colour={"deep": [1]}, type="our own", text="[{" * 500), LIMIT)
    assert isinstance(accepted, Accepted)
    assert accepted.event.type == "our own"


def test_of_a_name_given_twice_the_last_value_counts() -> None:
    accepted = decode(b'{"status": "bad", "ts": null, ' + event(status=200, properties={"a": 1})[1:], LIMIT)
    assert isinstance(accepted, Accepted)
    assert (accepted.event.status, accepted.ts, accepted.event.properties) == (200, 1_700_000_000.0, {"a": 1})


def test_a_refusal_never_quotes_what_was_sent() -> None:
    secret = "hunter2"
    for name in GOOD:
        for wrong in ([secret], {secret: secret}, secret * 200):
            refused = decode(event(**{name: wrong}), LIMIT)
            assert isinstance(refused, Refused)
            assert secret not in refused.detail
            assert len(refused.detail) < 300


@given(st.binary(max_size=200))
def test_no_bytes_raise(value: bytes) -> None:
    assert isinstance(decode(value, 150), Accepted | Refused)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "status", "value", "properties", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        ),
    )
)
def test_no_object_raises(fields: dict[str, object]) -> None:
    assert isinstance(decode(event(**fields), LIMIT), Accepted | Refused)


@given(st.text(max_size=40) | st.datetimes().map(str) | st.floats() | st.integers())
def test_no_time_raises(ts: object) -> None:
    decoded = decode(event(ts=ts), LIMIT)
    assert isinstance(decoded, Refused) or 0.0 <= decoded.ts < 7_258_118_400.0


def test_every_reason_says_what_to_do() -> None:
    for reason in DeadLetterReason:
        assert reason.meaning
        assert reason.advice.endswith(".")
        assert reason == reason.value == str(reason)


@pytest.mark.parametrize(
    ("rest", "what"), [(b'{"event_id":"1"}', "followed by JSON"), (b"\x02a\x04b", "Avro or Protobuf")]
)
def test_a_schema_registrys_framing_is_named(rest: bytes, what: str) -> None:
    refused = decode(b"\x00\x00\x00\x00*" + rest, 1_000)
    assert isinstance(refused, Refused)
    assert refused.reason is DeadLetterReason.FRAMED
    assert "schema id 42" in refused.detail
    assert what in refused.detail


BOUNDS = {name: longest(Event, name) or 0 for name in FREE_TEXTS}
ROOMY = 10_000_000


def accepted(value: bytes) -> Accepted:
    taken = decode(value, ROOMY)
    assert isinstance(taken, Accepted), taken
    return taken


@pytest.mark.parametrize("field", FREE_TEXTS)
def test_a_free_text_beyond_its_bound_is_cut_and_named_and_one_at_its_bound_is_not(field: str) -> None:
    most = BOUNDS[field]
    whole = accepted(event(**{field: "x" * most}))
    assert (whole.cut, len(getattr(whole.event, field))) == ((), most)
    cut = accepted(event(**{field: "x" * most + "y"}))
    assert (cut.event, cut.ts, cut.cut) == (whole.event, whole.ts, (field,))


def test_an_event_with_several_cut_fields_keeps_all_others_as_they_were_sent() -> None:
    others = {"value": 7, "bytes": 3, "properties": {"n": 10**30, "deep": [1.5]}, "unknown": 10**30, "ip": "::1"}
    short = accepted(event(**others, url="u" * BOUNDS["url"], text="é" * BOUNDS["text"]))
    long = accepted(event(**others, text="é" * BOUNDS["text"] * 2, url="u" * 20_000))
    assert (long.event, long.cut) == (short.event, ("url", "text"))
    assert isinstance(long.event.value, float)
    assert repr(long.event.ts) == repr(short.event.ts)


@pytest.mark.parametrize(
    ("wrong", "reason", "named"),
    [
        ({"status": "200"}, DeadLetterReason.WRONG_TYPE, "status"),
        ({"ip": "x" * 129}, DeadLetterReason.OUT_OF_BOUNDS, "ip"),
        ({"visitor_id": "v" * 513}, DeadLetterReason.OUT_OF_BOUNDS, "visitor_id"),
        ({"referrer": 7}, DeadLetterReason.WRONG_TYPE, "referrer"),
        ({"ts": "yesterday"}, DeadLetterReason.BAD_TS, "ISO 8601"),
        ({"ts": "9" * 65}, DeadLetterReason.OUT_OF_BOUNDS, "ts"),
    ],
)
def test_a_long_text_beside_another_error_is_refused_for_that_error_alone(
    wrong: dict[str, object], reason: DeadLetterReason, named: str
) -> None:
    refused = decode(event(**({"url": "u" * 20_000} | wrong)), ROOMY)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert named in refused.detail
    assert "more of its fields" not in refused.detail


@pytest.mark.parametrize(
    "field", ["event_id", "visitor_id", "account_id", "type", "item_id", "ip", "method", "currency"]
)
def test_a_field_that_is_no_free_text_is_never_cut(field: str) -> None:
    refused = decode(event(**{field: "x" * 600}), ROOMY)
    assert isinstance(refused, Refused)
    assert refused.reason is DeadLetterReason.OUT_OF_BOUNDS


@pytest.mark.parametrize("tail", ["\U0001f600", "\n", '"', "\\", "é", "\x00"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_cut_counts_characters_and_leaves_no_half_of_an_escape_or_a_pair(tail: str, *, escaped: bool) -> None:
    kept = "a" * (BOUNDS["user_agent"] - 1) + tail
    sent = GOOD | {"user_agent": kept + tail * 3}
    taken = accepted(json.dumps(sent, ensure_ascii=escaped).encode())
    assert (taken.event.user_agent, taken.cut) == (kept, ("user_agent",))


def test_of_a_long_text_given_twice_the_last_one_decides_whether_it_is_cut() -> None:
    long, short = b'"url": "' + b"u" * 20_000 + b'", ', b'"url": "/a", '
    assert accepted(b"{" + long + short + event()[1:]).cut == ()
    assert accepted(b"{" + short + long + event()[1:]).cut == ("url",)


def test_the_bound_of_the_whole_record_holds_for_long_texts_too() -> None:
    refused = decode(event(url="u" * 20_000), 20_000)
    assert isinstance(refused, Refused)
    assert refused.reason is DeadLetterReason.TOO_LARGE
