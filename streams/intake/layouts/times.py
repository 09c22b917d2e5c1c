"""Converts times in the forms that servers write to UTC seconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# Month names are English in every log, but strptime("%b") expects those of the machine's locale.
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_CLF = re.compile(
    r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:[.,:](\d{1,9}))?"
    r"(?: ?(?:([+-])(\d{2}):?(\d{2})|(Z|UTC|GMT)))?",
    re.ASCII,
)
_ISO_ZONE = re.compile(r" ?(?:UTC|GMT)$")
_REMEMBERED = 4_096
"""Size of the caches by text: many lines of a log have the same second."""


@lru_cache(_REMEMBERED)
def clf_time(text: str) -> float:
    """Reads the Common Log Format's time, `17/May/2015:10:05:03 +0200`, with or without a fraction of a second.

    A time without a zone, such as HAProxy's `%t`, is read as UTC.

    Raises:
        ValueError: The text has another form, or is no valid date and time.
    """
    parts = _CLF.fullmatch(text)
    if parts is None or parts[2] not in MONTHS:
        raise ValueError(f"'{text[:40]}' is not a time of the form 17/May/2015:10:05:03 +0000")
    day, month, year, hour, minute, second, fraction, sign, zone_hours, zone_minutes, _ = parts.groups()
    ahead = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        moment = datetime(
            int(year), MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=timezone(ahead)
        )
        # POSIX time counts a leap second (:60) as the second after it.
        seconds = moment.astimezone(UTC).timestamp() + (second == "60")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"'{text[:40]}' is not a valid date and time") from error
    return round(seconds + float(f"0.{fraction}"), 6) if fraction else seconds


@lru_cache(_REMEMBERED)
def iso_time(text: str) -> float:
    """Reads an ISO 8601 time; a time without a zone is read as UTC.

    Raises:
        ValueError: The text is not an ISO 8601 time.
    """
    try:
        moment = datetime.fromisoformat(_ISO_ZONE.sub("+00:00", text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp(), 6)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"'{text[:40]}' is not a time of the form 2015-05-17T10:05:03Z") from error


def epoch(unit: float) -> Callable[[str], float]:
    """Makes a reader of times that count from 1970; `unit` is the length of one count in seconds."""

    def read(text: str) -> float:
        try:
            return round(float(text) * unit, 6)
        except ValueError as error:
            raise ValueError(f"'{text[:40]}' is not a time counted from 1970") from error

    return read


def any_time(text: str) -> float:
    """Reads a time of any of these forms: seconds, milliseconds, micro- or nanoseconds since 1970, CLF, ISO 8601.

    Raises:
        ValueError: The text has none of these forms.
    """
    if re.fullmatch(r"[0-9]{1,20}(?:\.[0-9]{1,12})?", text):
        # Seconds have ten digits from 2001 to 2286; milliseconds, micro- and nanoseconds have 3, 6 and 9 more.
        thousands = (max(len(text.partition(".")[0]), 10) - 9) // 3
        return epoch(1000.0**-thousands)(text)
    return clf_time(text) if "/" in text else iso_time(text)


@lru_cache(64)
def by_pattern(pattern: str) -> Callable[[str], float]:
    """Makes a reader of times in a `strftime` pattern, as Apache's `%{pattern}t` writes them."""
    # Month names are replaced by numbers, so that the result doesn't depend on the machine's locale.
    numeric = (
        pattern.replace("%b", "%m")
        .replace("%h", "%m")
        .replace("%T", "%H:%M:%S")
        .replace("%D", "%m/%d/%y")
        .replace("%F", "%Y-%m-%d")
        .replace("%R", "%H:%M")
        .replace("%e", "%d")
    )

    @lru_cache(_REMEMBERED)
    def read(text: str) -> float:
        named = re.sub(
            r"[A-Z][a-z]{2}", lambda found: f"{MONTHS[found[0]]:02}" if found[0] in MONTHS else found[0], text
        )
        try:
            moment = datetime.strptime(named, numeric)  # noqa: DTZ007 -- the zone is set below where the text has none
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return round(moment.timestamp(), 6)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"'{text[:40]}' is not a time of the form {pattern}") from error

    return read
