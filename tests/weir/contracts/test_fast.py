from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

import weir.contracts
from weir.contracts import Event, Flag, Session, Watermark
from weir.contracts.base import Record
from weir.contracts.fast import decode_event, decoder, encode, fast
from weir.contracts.gate import contains_nan_or_infinity, gate

RECORDS = [
    record
    for name in weir.contracts.__all__
    if isinstance(record := getattr(weir.contracts, name), type) and issubclass(record, BaseModel)
]
HARD_VALUES = [
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e308",
        "1e309",
        "1e999",
        "-1e999",
        "1e-400",
        "0",
        "-0",
        "-0.0",
        "01",
        "1.",
        ".5",
    ),
    *("1.0", "1e2", "1E+2", "true", "false", "null", "[]", "{}", '""', '"1"', '"x"', "-1", "999", "1000", "+1", "-"),
    *("9007199254740992", "9007199254740993", "18446744073709551616", "-9223372036854775809", "9" * 400, "9" * 4_300),
    *("9" * 4_301, "0." + "1" * 4_000, "0." + "1" * 5_000, "1" * 5_000 + ".5e-5000", "1000000000001", "-1000000000001"),
    *(
        r'"\ud800"',
        r'"\udc00"',
        r'"\ud83d\ude00"',
        r'"\ud800\ud800"',
        r'"\u0000"',
        r'"\u12G4"',
        r'"\x"',
        '"\x01"',
        '"\x7f"',
    ),
    *(
        json.dumps("x" * length)
        for length in (16, 17, 32, 33, 64, 65, 128, 129, 512, 513, 2_048, 2_049, 16_384, 16_385)
    ),
    *('{"a": 1e999}', '{"a": NaN}', '{"a": {"b": [1e999]}}', '{"a": 1e308}', '{"a": "NaN"}', "[1]", '{"a": 1, "a": 2}'),
    *("[" * 62 + "]" * 62, "[" * 64 + "]" * 64, '{"a": "' + "[" * 100 + '"}', "[1,]", "tru", '"', "", "é", '"é"'),
]
REQUIRED = {"event_id": '"e"', "visitor_id": '"v"', "type": '"page_view"', "ts": "1"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
).map(json.dumps)
fields = st.dictionaries(
    st.sampled_from([*Event.model_fields, "unknown", "properties"]),
    st.sampled_from(HARD_VALUES) | json_values,
    max_size=3,
)


def one_object(given_fields: dict[str, str], left_out: str = "") -> bytes:
    merged = {name: value for name, value in (REQUIRED | given_fields).items() if name != left_out}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in merged.items()) + "}").encode()


def by_model(model: type[BaseModel], value: bytes) -> dict[str, Any] | None:
    """The known fields as the model reads them behind the gate, None where it refuses."""
    if gate(value, 1_000_000) or contains_nan_or_infinity(value):
        return None
    try:
        read = model.model_validate_json(value)
    except ValidationError:
        return None
    return {name: getattr(read, name) for name in model.model_fields}


def by_decoder(model: type[BaseModel], value: bytes) -> dict[str, Any] | None:
    """The same by the derived decoder."""
    if gate(value, 1_000_000):
        return None
    try:
        read = decoder(model)(value)
    except msgspec.DecodeError:
        return None
    return {name: getattr(read, name) for name in model.model_fields}


@given(fields, st.sampled_from(["", *REQUIRED]))
def test_model_and_derived_decoder_accept_and_refuse_the_same(given_fields: dict[str, str], left_out: str) -> None:
    value = one_object(given_fields, left_out)
    assert repr(by_model(Event, value)) == repr(by_decoder(Event, value))


@pytest.mark.parametrize("name", [*Event.model_fields, "unknown"])
def test_every_hard_value_in_every_field_is_judged_alike(name: str) -> None:
    for hard in HARD_VALUES:
        value = one_object({name: hard})
        assert repr(by_model(Event, value)) == repr(by_decoder(Event, value)), hard[:60]


@given(st.binary(max_size=60))
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b"null")
@example(b"[]")
@example(one_object({}) + b"x")
@example(one_object({}) + b"\x00")
@example(one_object({}) + b" \n")
@example(one_object({"unknown": '"\xff"'}).replace("ÿ".encode(), b"\xff"))
@example(b'{"\\u0065vent_id":"e","visitor_id":"v","type":"t","ts":1}')
def test_any_bytes_are_judged_alike(value: bytes) -> None:
    assert repr(by_model(Event, value)) == repr(by_decoder(Event, value))


@given(st.data())
def test_a_name_given_twice_is_never_accepted_by_the_decoder_alone(data: st.DataObject) -> None:
    pairs = data.draw(
        st.lists(
            st.tuples(st.sampled_from([*Event.model_fields]), st.sampled_from(HARD_VALUES)), min_size=1, max_size=3
        )
    )
    value = b"{" + ",".join(f'"{n}":{v}' for n, v in [*pairs, *REQUIRED.items()]).encode() + b"}"
    decoded = by_decoder(Event, value)
    assert decoded is None or repr(decoded) == repr(by_model(Event, value))


@given(st.sampled_from(["score", "model", "reasons", "shadow", "verdict", "latency_ms", "revision"]), st.data())
def test_nested_records_are_judged_alike(name: str, data: st.DataObject) -> None:
    flag = {
        **dict.fromkeys(("flag_id", "session_id", "visitor_id"), "x"),
        "revision": 1,
        "ts": 1.5,
        "verdict": "block",
        "stage": "model",
        "score": 0.5,
        "latency_ms": 1.0,
        "model": {"id": "m", "version": "1"},
        "reasons": [{"id": "r", "version": "1", "text": "t", "more": 1}],
        "features_hash": None,
        "shadow": [{"stage": "model", "verdict": "allow", "reasons": []}],
    }
    spoilt: object = data.draw(
        st.sampled_from(
            [None, True, -1, 2, 1.5, "maybe", "allow", [], [1], [{}], {}, {"id": 1, "version": ""}, [{"id": "a"}]]
        )
    )
    value = json.dumps(flag | {name: spoilt}).encode()
    assert (by_model(Flag, value) is None) == (by_decoder(Flag, value) is None)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_has_a_derived_struct_with_the_same_attributes(record: type[BaseModel]) -> None:
    assert list(fast(record).__struct_fields__) == list(record.model_fields)  # type: ignore[attr-defined]


def test_the_same_content_gives_the_same_bytes_as_model_struct_or_dictionary() -> None:
    content: dict[str, Any] = {"watermark": 17.25, "kind": "idle"}
    in_three_forms = {
        encode(Watermark.model_validate(content)),
        encode(fast(Watermark)(**content)),
        encode(content),
    }
    assert in_three_forms == {b'{"kind":"idle","watermark":17.25}'}


def test_unknown_fields_of_a_model_are_carried_when_it_is_encoded() -> None:
    event = Event.model_validate_json(one_object({"colour": '"red"'}))
    assert json.loads(encode(event))["colour"] == "red"


def test_structs_in_structs_and_defaults_come_back() -> None:
    session = json.loads(encode(dict.fromkeys(Session.model_fields)))
    assert set(session) == set(Session.model_fields)
    assert decode_event(one_object({})).url is None


def test_what_a_struct_cannot_promise_is_refused_when_derived() -> None:
    class Checked(Record):
        name: str

        @field_validator("name")
        @classmethod
        def _no_spaces(cls, value: str) -> str:
            return value.strip()

    class Patterned(Record):
        name: Annotated[str, Field(pattern="^a")]

    class Aliased(Record):
        name: str = Field(alias="Name")

    class Lax(BaseModel):
        name: str

    class Set(BaseModel):
        model_config = ConfigDict(strict=True, extra="allow")

        names: set[str]

    for model in (Checked, Patterned, Aliased, Lax, Set):
        with pytest.raises(TypeError):
            fast(model)
