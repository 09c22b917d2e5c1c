from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.layouts.times import any_time, by_pattern, clf_time, iso_time

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=ZONES)  # noqa: DTZ001 -- hypothesis's own way


@given(MOMENTS)
def test_a_time_of_any_zone_is_read_to_the_microsecond(moment: datetime) -> None:
    sign = "-" if (offset := moment.utcoffset() or timedelta()) < timedelta() else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    zone = f"{sign}{minutes // 60:02}{minutes % 60:02}"
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    text = f"{moment.day:02}/{month}/{moment.year}:{moment:%H:%M:%S.%f} {zone}"
    expected = round(moment.timestamp(), 6)
    assert clf_time(text) == pytest.approx(expected, abs=1e-6)
    assert iso_time(moment.isoformat()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "1779012303",
        "1779012303.0",
        "1779012303000",
        "1779012303000000",
        "1779012303000000000",
        "2026-05-17T10:05:03Z",
        "2026-05-17 10:05:03 UTC",
        "2026-05-17T12:05:03+02:00",
        "17/May/2026:10:05:03 +0000",
        "17/May/2026:10:05:03 UTC",
        "17/May/2026:10:05:03",
    ],
)
def test_a_time_in_any_form_is_the_same_moment(text: str) -> None:
    assert any_time(text) == datetime(2026, 5, 17, 10, 5, 3, tzinfo=UTC).timestamp()


def test_a_pattern_of_the_operators_own_reads_english_months_in_any_locale() -> None:
    assert by_pattern("%d/%b/%Y %T.%f %z")("17/May/2026 10:05:03.25 +0200") == 1779005103.25
    assert by_pattern("%Y%m%d %H:%M:%S")("20260517 10:05:03") == 1779012303.0


@pytest.mark.parametrize(
    "text", ["17/Mai/2026:10:05:03 +0000", "31/Feb/2026:10:05:03 +0000", "17/May/2026:10:05:03 CET", "soon"]
)
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text[:10]):
        any_time(text)
