"""From a record's bytes to an event, or to the code of the dead letter that they become.

Silences: which code a record gets that is wrong in several ways. The bytes come first (size, UTF-8, depth, JSON, an
object), then the fields in the order of the schema, then whether `ts` is a time. A number of more than 4,300 digits is
none; neither is NaN or Infinity, wherever it stands. A lone surrogate is no JSON. Of a name that is given twice the
last value counts. Numbers in fields that the schema does not know are not looked at.
A free text that is too long is cut to its bound, whatever else is wrong with the record.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any, NoReturn

from tests.chaos.oracle.moments import event_time, micros

MAX_DEPTH = 64
MAX_DIGITS = 4_300
_TEXTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("event_id", "visitor_id", "account_id", "type", "item_id"), (1, 512)),
    **dict.fromkeys(("url", "referrer"), (0, 16_384)),
    **dict.fromkeys(("query", "title", "text"), (0, 131_072)),
    "user_agent": (0, 2_048),
    "ip": (0, 128),
    "method": (0, 32),
    "currency": (0, 16),
}
_FREE = ("url", "referrer", "user_agent", "query", "title", "text")
_WHOLE = {"status": 999, "bytes": 2**53}
_AMOUNT = 1e12
_FIELDS = (
    *("event_id", "visitor_id", "account_id", "type", "ts", "url", "referrer", "user_agent", "ip", "method", "status"),
    *("bytes", "item_id", "value", "currency", "query", "title", "text", "properties"),
)
_REQUIRED = frozenset({"event_id", "visitor_id", "type", "ts"})
_GREATEST_DOUBLE = sys.float_info.max
_MAX_TS_TEXT = 64
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NO_NUMBER = re.compile("NaN|Infinity")
_NUMBER = re.compile(rf"\d[\d.eE+-]{{{MAX_DIGITS}}}", re.ASCII)


class RefusedError(Exception):
    """The record is no event; `args[0]` is the reason's code."""


class Fields(dict[str, Any]):
    """The fields of an event that the schema knows, each there, None if absent; `moment` is its time, unclamped."""

    moment: int
    cut: tuple[str, ...]
    """Free texts that were too long."""


def read_event(value: bytes | None, max_bytes: int) -> Fields:
    """The event in a record's value.

    Raises:
        RefusedError: there is none.
    """
    sent = read_object(value, max_bytes)
    cut = tuple(name for name in _FREE if isinstance(sent.get(name), str) and len(sent[name]) > _TEXTS[name][1])
    sent |= {name: sent[name][: _TEXTS[name][1]] for name in cut}
    for name in _FIELDS:
        if name not in sent:
            if name in _REQUIRED:
                raise RefusedError("missing_field")
        elif sent[name] is not None or name in _REQUIRED:
            _check(name, sent[name])
    moment = event_time(sent["ts"])
    if moment is None:
        raise RefusedError("bad_ts")
    event = Fields(zip(_FIELDS, map(sent.get, _FIELDS), strict=True))
    event.moment = moment
    event.cut = cut
    return event


def read_watermark(value: bytes | None, max_bytes: int) -> int:
    """The moment that a watermark record carries.

    Raises:
        RefusedError: it carries none.
    """
    try:
        sent = read_object(value, max_bytes)
    except RefusedError as error:
        raise RefusedError("bad_watermark") from error
    mark = sent.get("watermark")
    is_number = isinstance(mark, (int, float)) and not isinstance(mark, bool) and 0 <= mark <= _GREATEST_DOUBLE
    if not is_number or sent.get("kind") not in {"idle", "end-of-input"}:
        raise RefusedError("bad_watermark")
    return micros(sent["watermark"])


def read_object(value: bytes | None, max_bytes: int) -> dict[str, Any]:
    """The JSON object in a record's value.

    Raises:
        RefusedError: there is none.
    """
    if not value:
        raise RefusedError("empty_value")
    if len(value) > max_bytes:
        raise RefusedError("too_large")
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise RefusedError("not_utf8") from error
    _check_shape(text)
    try:
        sent = _JSON.decode(text)
    except ValueError as error:
        raise RefusedError("not_finite" if _NO_NUMBER.search(_STRING.sub('""', text)) else "not_json") from error
    if "\\u" in text and _has_lone_surrogate(sent):
        raise RefusedError("not_json")
    if not isinstance(sent, dict):
        raise RefusedError("not_an_object")
    return sent


def _check_shape(text: str) -> None:
    crowded = text.count("{") + text.count("[") > MAX_DEPTH
    if not crowded and len(text) <= MAX_DIGITS:
        return
    bare = _STRING.sub('""', text)
    depth = deepest = 0
    for character in bare if crowded else "":
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise RefusedError("too_deep")
    if _NUMBER.search(bare):
        raise RefusedError("not_finite")


def _no_number(_: str) -> NoReturn:
    raise RefusedError("not_finite")


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _has_lone_surrogate(sent: object) -> bool:
    try:
        json.dumps(sent, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _check(name: str, value: object) -> None:
    if name == "ts" and isinstance(value, str):
        _bound(len(value) <= _MAX_TS_TEXT)
    elif name in {"ts", "value"}:
        _check_number(value)
        _bound(name == "ts" or -_AMOUNT <= value <= _AMOUNT)  # type: ignore[operator]  # a number, as was just checked
    elif name in _TEXTS:
        if not isinstance(value, str):
            raise RefusedError("wrong_type")
        least, most = _TEXTS[name]
        _bound(least <= len(value) <= most)
    elif name in _WHOLE:
        if not isinstance(value, int) or isinstance(value, bool):
            raise RefusedError("wrong_type")
        _bound(0 <= value <= _WHOLE[name])
    elif not isinstance(value, dict):
        raise RefusedError("wrong_type")
    elif not _all_finite(value):
        raise RefusedError("not_finite")


def _check_number(value: object) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise RefusedError("wrong_type")
    if not abs(value) <= _GREATEST_DOUBLE:
        raise RefusedError("not_finite")


def _bound(is_within: bool) -> None:  # noqa: FBT001 -- it is what is asked
    if not is_within:
        raise RefusedError("out_of_bounds")


def _all_finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(_all_finite(item) for item in value.values())
    if isinstance(value, list):
        return all(_all_finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)
