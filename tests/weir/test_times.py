from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.times import LATEST_S, BadTimeError, to_epoch_s

moments = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30))  # noqa: DTZ001 -- Hypothesis wants naive bounds


@given(moments)
def test_seconds_milliseconds_and_iso_8601_of_one_moment_are_one_time(moment: datetime) -> None:
    aware = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    seconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    assert to_epoch_s(seconds) == to_epoch_s(aware.isoformat()) == round(seconds, 6)
    if seconds * 1000 >= 1e11:
        assert to_epoch_s(round(seconds * 1000)) == round(seconds, 6)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-01-31T09:30:00Z", 1_769_851_800.0),
        ("2026-01-31T10:30:00+01:00", 1_769_851_800.0),
        ("2026-01-31 09:30:00", 1_769_851_800.0),
        ("2026-01-31", 1_769_817_600.0),
        (99_999_999_999, None),
        (100_000_000_000, 100_000_000.0),
        (0, 0.0),
        (0.0000004, 0.0),
    ],
)
def test_known_times(value: float | str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(BadTimeError):
            to_epoch_s(value)
    else:
        assert to_epoch_s(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(-1, -0.001, -1e300, 1e300, LATEST_S, LATEST_S * 1000, float("nan"), float("inf"), -float("inf")),
        *("", "now", "1700000000", "2026-02-30", "1969-12-31T23:59:59Z", "2200-01-01", "0001-01-01T00:00:00+14:00"),
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_of_our_years_is_refused(value: float | str) -> None:
    with pytest.raises(BadTimeError):
        to_epoch_s(value)


@given(st.text() | st.floats() | st.integers(-(10**30), 10**30))
def test_nothing_else_is_raised(value: float | str) -> None:
    with contextlib.suppress(BadTimeError):
        assert 0 <= to_epoch_s(value) < LATEST_S
