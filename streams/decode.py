"""Decodes the bytes of one record into a valid event with its time, or a reason. It never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import ValidationError
from pydantic_core import from_json

from weir.contracts import Event
from weir.contracts.base import longest
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.event import FREE_TEXTS
from weir.contracts.fast import FastEvent, decode_event, fast
from weir.contracts.gate import Fault, contains_nan_or_infinity, gate
from weir.times import BadTimeError, to_epoch_s

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_FRAME_BYTES = 5
_LONGEST = {name: most for name in FREE_TEXTS if (most := longest(Event, name)) is not None}


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A valid event; `ts` is its time in UTC seconds, not yet clamped to the append time."""

    event: FastEvent
    ts: float
    cut: tuple[str, ...] = ()
    """Fields of free text that were longer than their bound, and were cut to it, in the order of `FREE_TEXTS`."""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The reason for which a record is no event, and a message that names the field and never quotes its value."""

    reason: DeadLetterReason
    detail: str


def decode(value: bytes | None, max_bytes: int) -> Accepted | Refused:
    """Decodes the value of one record of the events topic. The result depends only on the bytes."""
    if not value:
        return Refused(DeadLetterReason.EMPTY_VALUE, "The record has no value.")
    if value[0] == 0 and len(value) > _FRAME_BYTES:
        return _framed(value)
    fault = gate(value, max_bytes)
    if fault is not None:
        return _at_the_gate(fault, value, max_bytes)
    cut: tuple[str, ...] = ()
    try:
        event = decode_event(value)
    except msgspec.DecodeError:
        by_model = _ask_model(value)
        if isinstance(by_model, Refused):
            return by_model
        event, cut = by_model
    try:
        return Accepted(event, to_epoch_s(event.ts), cut)
    except BadTimeError as error:
        return Refused(DeadLetterReason.BAD_TS, _sentence(str(error)))


def _framed(value: bytes) -> Refused:
    """Describes the framing of Confluent's serializers: a zero byte, four bytes of schema id, and the record."""
    schema = int.from_bytes(value[1:_FRAME_BYTES])
    what = "JSON" if value[_FRAME_BYTES : _FRAME_BYTES + 1] == b"{" else "Avro or Protobuf"
    return Refused(
        DeadLetterReason.FRAMED,
        f"The record begins with a schema registry's framing (schema id {schema}), followed by {what}.",
    )


def at_the_gate(value: bytes, max_bytes: int) -> Refused | None:
    """The reason for which no decoder may read these bytes, None if there is none."""
    fault = gate(value, max_bytes)
    return None if fault is None else _at_the_gate(fault, value, max_bytes)


def _at_the_gate(fault: Fault, value: bytes, max_bytes: int) -> Refused:
    match fault:
        case Fault.TOO_LARGE:
            return Refused(
                DeadLetterReason.TOO_LARGE, f"The record has {len(value)} bytes; at most {max_bytes} are allowed."
            )
        case Fault.NOT_UTF8:
            return Refused(DeadLetterReason.NOT_UTF8, "The record's bytes are not UTF-8.")
        case Fault.TOO_DEEP:
            return Refused(DeadLetterReason.TOO_DEEP, "The record's JSON is nested more than 64 levels deep.")
        case Fault.LONG_NUMBER:
            return Refused(DeadLetterReason.NOT_FINITE, "The record has a number of more than 4300 digits.")


def _ask_model(value: bytes) -> tuple[FastEvent, tuple[str, ...]] | Refused:
    """The event and its cut fields by the contract's model, or the error that the model finds.

    The derived decoder refuses two kinds of records that are accepted here: an object with a name twice, of which the
    last value counts, and free texts that are too long.
    """
    if contains_nan_or_infinity(value):
        return Refused(DeadLetterReason.NOT_FINITE, "The record has NaN or Infinity, which JSON doesn't know.")
    cut: tuple[str, ...] = ()
    try:
        event = Event.model_validate_json(value)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        others = [one for one in errors if not _is_long_text(one)]
        if others:
            return _explain(others)
        too_long = {one["loc"][0] for one in errors}
        cut = tuple(name for name in FREE_TEXTS if name in too_long)
        event = _cut(value, cut)
    struct: type[FastEvent] = fast(Event)
    return struct(**{name: getattr(event, name) for name in Event.model_fields}), cut


def _is_long_text(error: ErrorDetails) -> bool:
    return error["type"] == "string_too_long" and error["loc"][0] in _LONGEST


def _cut(value: bytes, fields: tuple[str, ...]) -> Event:
    """The event whose only errors are that these fields are too long.

    Python strings consist of code points, so a cut never leaves half of a surrogate pair.
    """
    sent = from_json(value)
    return Event.model_validate(sent | {name: sent[name][: _LONGEST[name]] for name in fields})


def _explain(errors: list[ErrorDetails]) -> Refused:
    first = errors[0]
    if not first["loc"]:
        if first["type"] == "json_invalid":
            return Refused(DeadLetterReason.NOT_JSON, _sentence(first["msg"]))
        return Refused(DeadLetterReason.NOT_AN_OBJECT, "The record's JSON is no object.")
    field = str(first["loc"][0])
    wrong_fields = {str(error["loc"][0]) for error in errors}
    rest = f" {len(wrong_fields) - 1} more of its fields are wrong." if len(wrong_fields) > 1 else ""
    # A field with two possible types has an error for each. An error about the value of one type is more precise than
    # the error about the other type.
    own = [error for error in errors if error["loc"][0] == field]
    precise = next((error for error in own if not error["type"].endswith("_type")), None)
    reason = _reason(precise or first)
    if reason is DeadLetterReason.MISSING_FIELD:
        return Refused(reason, f"The required field {field} is missing.{rest}")
    if precise is None and len(own) > 1:
        return Refused(reason, f"The field {field} is neither a number nor a string.{rest}")
    return Refused(reason, f"The field {field} is wrong: {_sentence((precise or first)['msg'])}{rest}")


_REASONS: dict[str, DeadLetterReason] = {
    "missing": DeadLetterReason.MISSING_FIELD,
    "finite_number": DeadLetterReason.NOT_FINITE,
    "value_error": DeadLetterReason.NOT_FINITE,
    **dict.fromkeys(
        (
            *("string_too_long", "string_too_short", "int_parsing_size"),
            *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
        ),
        DeadLetterReason.OUT_OF_BOUNDS,
    ),
}


def _reason(error: ErrorDetails) -> DeadLetterReason:
    return _REASONS.get(error["type"], DeadLetterReason.WRONG_TYPE)


def _sentence(text: Any) -> str:  # noqa: ANN401 -- pydantic's message, or an exception's text
    message = str(text).removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
