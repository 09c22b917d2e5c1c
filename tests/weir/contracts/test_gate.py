from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.contracts.gate import MAX_DEPTH, Fault, contains_nan_or_infinity, gate

nested = st.recursive(
    st.integers() | st.text(st.sampled_from('[]{}"\\é,:a'), max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[]{}"\\', max_size=4), inner, max_size=4),
    max_leaves=60,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(nested, st.integers(0, 70))
def test_depth_is_counted_as_a_parser_would(value: object, more: int) -> None:
    for _ in range(more):
        value = [value]
    expected = Fault.TOO_DEEP if depth_of(value) > MAX_DEPTH else None
    assert gate(json.dumps(value).encode(), 10**7) is expected


@given(st.binary(max_size=300))
def test_no_bytes_raise(value: bytes) -> None:
    gate(value, 200)
    contains_nan_or_infinity(value)


def test_brackets_within_strings_are_no_depth() -> None:
    assert gate(json.dumps({"text": "[{" * 10_000 + '"' + "\\" * 7}).encode(), 10**6) is None


def test_size_is_checked_before_anything_is_read() -> None:
    assert gate(b"\xff" * 11, 10) is Fault.TOO_LARGE
    assert gate(b"\xff" * 10, 10) is Fault.NOT_UTF8


def test_numbers_too_long_for_a_parser_are_kept_out_and_long_texts_are_not() -> None:
    assert gate(b'{"x":' + b"1" * 5_000 + b"}", 10**6) is Fault.LONG_NUMBER
    assert gate(b'{"x":"' + b"1" * 5_000 + b'"}', 10**6) is None


def test_names_that_are_no_numbers_are_seen_outside_of_strings_alone() -> None:
    assert contains_nan_or_infinity(b'{"x":NaN}')
    assert contains_nan_or_infinity(b'{"x":[-Infinity]}')
    assert not contains_nan_or_infinity(b'{"x":"NaN \\" Infinity"}')


@pytest.mark.parametrize(
    "value", [b"[" * 10**6, b"[]" * 500_000, b'"' * 10**6, b'{"a":"' + b"\\\\" * 500_000, b"1" * 10**6, b"[{" * 10**5]
)
def test_a_megabyte_of_malice_takes_no_more_than_a_moment(value: bytes) -> None:
    started = time.perf_counter()
    gate(value, 2_000_000)
    assert time.perf_counter() - started < 1.0
