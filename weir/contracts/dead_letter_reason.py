"""Reasons for dead letters, as codes. The documentation's table is generated from them.

The codes are a bounded set, so they may be a metric's label.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class DeadLetterReason(StrEnum):
    """A code, with its meaning and advice for the producer."""

    meaning: str
    advice: str

    def __new__(cls, code: str, meaning: str, advice: str) -> Self:
        """Makes a member whose value is its code."""
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.meaning = meaning
        reason.advice = advice
        return reason

    EMPTY_VALUE = ("empty_value", "The record has no value", "Send the event as the record's value, not as its key.")
    TOO_LARGE = ("too_large", "The record is larger than `max_record_bytes`", "Cut long texts before sending.")
    NOT_UTF8 = ("not_utf8", "The bytes are not UTF-8", "Encode JSON as UTF-8.")
    TOO_DEEP = ("too_deep", "JSON nested more than 64 levels", "Flatten `properties`.")
    FRAMED = (
        "framed",
        "The record begins with a schema registry's five bytes",
        "Send JSON alone, by a serializer without a schema registry. Avro and Protobuf are not read.",
    )
    NOT_JSON = (
        "not_json",
        "The bytes are not one JSON value",
        "Send one JSON object a record, written by a JSON library.",
    )
    NOT_AN_OBJECT = ("not_an_object", "JSON, but no object", "Send one JSON object a record, not a list of events.")
    MISSING_FIELD = (
        "missing_field",
        "A required field is missing",
        "Send `event_id`, `visitor_id`, `type` and `ts` with every event.",
    )
    WRONG_TYPE = (
        "wrong_type",
        "A field has another type than in the schema",
        "Send numbers as numbers and texts as strings; leave out what is unknown, or send null for optional fields.",
    )
    OUT_OF_BOUNDS = (
        "out_of_bounds",
        "A field is too long, too short, too large or too small; a free text that is too long is cut instead",
        "Keep to the bounds of the schema; an identifier must not be empty.",
    )
    NOT_FINITE = (
        "not_finite",
        "A number is NaN, infinite or too large for a double",
        "Leave the field out if there is no number.",
    )
    BAD_TS = (
        "bad_ts",
        "`ts` is not a time between 1970 and 2199",
        "Send UTC seconds, milliseconds, or ISO 8601 such as 2026-01-31T09:30:00Z.",
    )
    BAD_WATERMARK = (
        "bad_watermark",
        "A record with the header `weir-watermark` is not a watermark",
        "Don't send this header: only Weir's workers and `weir produce` write it.",
    )
    UNREADABLE_LINE = (
        "unreadable_line",
        "A line of a file is not in the file's format",
        "The detail names the column. Give the server's own format with `--log-format`.",
    )
    NO_VISITOR = (
        "no_visitor",
        "A line of a file names no visitor",
        "Nothing, if visitors refuse cookies; such lines belong to no session.",
    )


_BY_CODE = {reason.value: reason for reason in DeadLetterReason}


def meaning(code: str) -> str:
    """The meaning of a code in a dead letter's headers."""
    return _BY_CODE[code].meaning if code in _BY_CODE else _UNKNOWN


def advice(code: str) -> str:
    """The advice for the producer of a dead letter with this code."""
    return _BY_CODE[code].advice if code in _BY_CODE else _UNKNOWN


_UNKNOWN = "This version of Weir has no such reason."
