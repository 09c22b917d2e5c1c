"""Converts times of events (seconds, milliseconds, ISO 8601) to UTC seconds since the epoch."""

from __future__ import annotations

import math
from datetime import UTC, datetime

# A number at or above this is milliseconds: as seconds it would be in the year 5138.
MILLISECONDS_FROM = 1e11
# Later times are refused: the first second of the year 2200.
LATEST_S = 7_258_118_400.0


class BadTimeError(ValueError):
    """The value is not a time, or it is outside the years 1970 to 2199."""


def to_epoch_s(value: float | str) -> float:
    """Seconds since the epoch, rounded to a microsecond.

    Numbers below 1e11 are seconds, others milliseconds. Strings are ISO 8601, and UTC if they have no zone.

    Raises:
        BadTimeError: not a time, not finite, or outside 1970 to 2199.
    """
    if isinstance(value, float) and 0.0 <= value < LATEST_S:
        return round(value, 6)  # nearly all events have such a number
    seconds = _from_text(value) if isinstance(value, str) else float(value)
    if not math.isfinite(seconds):
        raise BadTimeError("ts is not a finite number")
    if not isinstance(value, str) and seconds >= MILLISECONDS_FROM:
        seconds /= 1000.0
    if not 0.0 <= seconds < LATEST_S:
        raise BadTimeError("ts lies outside the years 1970 to 2199: send UTC seconds, milliseconds or ISO 8601")
    # Most times have at most six decimals, which rounding would not change but takes four times as long.
    return seconds if int(seconds * 1e6 + 0.5) / 1e6 == seconds else round(seconds, 6)


def _from_text(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadTimeError("ts is no ISO 8601 time, such as 2026-01-31T09:30:00Z") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError) as error:
        raise BadTimeError("ts lies outside the years 1970 to 2199") from error
