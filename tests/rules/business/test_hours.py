from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.business.hours import Hours

# A Sunday.
NIGHT = Hours(after="22:00", before="06:00")
OFFICE = Hours(after="09:00", before="17:30", days=("monday",), timezone="Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("hours", "time", "holds"),
    [
        (NIGHT, "2026-03-01T22:00", True),
        (NIGHT, "2026-03-01T05:59", True),
        (NIGHT, "2026-03-01T06:00", False),
        (NIGHT, "2026-03-01T21:59", False),
        (OFFICE, "2026-03-02T08:00", True),
        (OFFICE, "2026-03-02T07:59", False),
        (OFFICE, "2026-03-02T16:29", True),
        (OFFICE, "2026-03-02T16:30", False),
        (OFFICE, "2026-03-03T09:00", False),
        (OFFICE, "2026-07-06T07:00", True),
        (Hours(days=("sunday",)), "2026-03-01T23:59", True),
        (Hours(days=("sunday",)), "2026-03-02T00:00", False),
    ],
)
def test_hours_are_by_the_clock_of_their_place(hours: Hours, time: str, holds: bool) -> None:  # noqa: FBT001 -- a case
    assert hours.hold_at(at(time)) is holds


def test_hours_that_end_where_they_begin_are_none_but_for_the_whole_day() -> None:
    assert Hours(after="09:00", before="09:00").are_never
    assert not Hours().are_never
