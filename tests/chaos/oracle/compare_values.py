"""Fields against fields. Counts, texts and moments must be equal; what is computed from sums may differ by rounding."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.oracle.records import Record

_COMPUTED = frozenset(
    {
        *("click_through", "cart_rate", "conversion", "revenue", "mean", "minimum", "maximum", "duration_s"),
        *("path_depth", "path_entropy", "gap_median_s", "quickest_post_s"),
        *("observed", "window_s", "until", "retry_after_s"),
    }
)
_NEAR = 2e-6
"""Rounding to a microsecond, or to six decimals of an amount, on both sides."""
_DEVIATION = "standard_deviation"
_NEAR_DEVIATION = 1e-4
"""The root of a small difference of large sums of doubles."""


def parsed(record: Record) -> dict[str, Any] | None:
    """The object in a record's value, None if there is none."""
    try:
        fields = json.loads(record.value or b"")
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def field_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[str]:
    """Each field that is absent or has another value, in words."""
    for name, value in expected.items():
        if name not in actual:
            yield f"no field {name}"
        elif not _is_same(name, value, actual[name]):
            yield f"{name} {_short(actual[name])} instead of {_short(value)}"


def _is_same(name: str, expected: object, actual: object) -> bool:
    if expected == actual:
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        if name in _COMPUTED:
            return expected.keys() == actual.keys() and all(
                _is_near(expected[part], actual[part], _NEAR) for part in expected
            )
        return name == "gaps" and not any(True for _ in field_differences(expected, actual))
    if name == _DEVIATION:
        return _is_near(expected, actual, _NEAR_DEVIATION)
    return name in _COMPUTED and _is_near(expected, actual, _NEAR)


def _is_near(expected: object, actual: object, most: float) -> bool:
    if not isinstance(expected, (int, float)) or not isinstance(actual, (int, float)):
        return False
    return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=most)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
