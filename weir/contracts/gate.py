"""Checks bytes before any decoder: size, UTF-8, depth, and numbers that only some decoders read.

pydantic and the derived decoders differ only on bytes that the gate refuses, so they accept the same of the rest.
"""

from __future__ import annotations

import re
from enum import StrEnum

MAX_DEPTH = 64
# pydantic's parser refuses longer numbers, and msgspec reads them.
MAX_NUMBER_DIGITS = 4_300

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_LONG_NUMBER = re.compile(rb"[0-9][0-9.eE+-]{%d}" % MAX_NUMBER_DIGITS)
_NO_JSON_NUMBER = re.compile(rb"NaN|Infinity")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ALL_ROUND = bytes.maketrans(b"[]{}", b"()()")


class Fault(StrEnum):
    """The reason for which bytes were refused."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    TOO_DEEP = "too_deep"
    LONG_NUMBER = "long_number"


def gate(value: bytes, max_bytes: int) -> Fault | None:
    """The fault of the bytes; None if a decoder may read them. Takes time linear in the size of `value`."""
    size = len(value)
    if size > max_bytes:
        return Fault.TOO_LARGE
    if value.isascii():
        # Most events are one flat object of a few hundred bytes, for which two fast searches suffice.
        if size <= MAX_NUMBER_DIGITS and value.find(b"{", 1) < 0 and value.find(b"[", 1) < 0:
            return None
    else:
        try:
            value.decode()
        except UnicodeDecodeError:
            return Fault.NOT_UTF8
    if _is_too_deep(value):
        return Fault.TOO_DEEP
    if len(value) > MAX_NUMBER_DIGITS and _LONG_NUMBER.search(value) and _LONG_NUMBER.search(_without_strings(value)):
        return Fault.LONG_NUMBER
    return None


def contains_nan_or_infinity(value: bytes) -> bool:
    """Whether NaN or Infinity is in the place of a JSON value.

    The derived decoders refuse these everywhere; pydantic accepts them within fields that it does not read.
    """
    return _NO_JSON_NUMBER.search(value) is not None and _NO_JSON_NUMBER.search(_without_strings(value)) is not None


def _is_too_deep(value: bytes) -> bool:
    if value.count(b"{") + value.count(b"[") <= MAX_DEPTH:
        return False
    brackets = _without_strings(value).translate(_ALL_ROUND, _NOT_BRACKETS)
    # Each pass removes the innermost pairs, so pairs that are left after so many passes were deeper.
    for _ in range(MAX_DEPTH):
        if b"()" not in brackets:
            break
        brackets = brackets.replace(b"()", b"")
    # Brackets that never close are not JSON. The decoder reports this better, unless they would overflow its stack.
    return b"()" in brackets or brackets.count(b"(") > MAX_DEPTH


def _without_strings(value: bytes) -> bytes:
    return _STRING.sub(b'""', value)
