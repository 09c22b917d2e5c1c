"""Times as whole microseconds: sums and comparisons are exact, so "at most the gap apart" means just that.

Silences: times, those of watermarks too, are rounded to a microsecond, half to even, by their value as a double (Weir
writes no finer watermark, and of a stranger's finer one it may take the rest into account); a number from 1e11 on is
milliseconds; a time in text that names no zone is UTC; years 1970 to 2199 are times.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MICROS = 1_000_000
_FIRST_MILLISECONDS = 1e11
_YEAR_2200_S = 7_258_118_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(seconds: float) -> int:
    """Seconds to the nearest microsecond, exactly."""
    numerator, denominator = seconds.as_integer_ratio()
    whole, rest = divmod(numerator * MICROS, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    return whole


def seconds_of(moment: int) -> float:
    """The double that is nearest to so many microseconds."""
    return moment / MICROS


def event_time(sent: float | str) -> int | None:
    """An event's `ts` as sent; None if it is no time."""
    if isinstance(sent, str):
        return _from_text(sent)
    seconds = float(sent)
    if seconds >= _FIRST_MILLISECONDS:
        seconds /= 1_000
    return micros(seconds) if 0 <= seconds < _YEAR_2200_S else None


def _from_text(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    result = since // _MICROSECOND
    return result if 0 <= result < _YEAR_2200_S * MICROS else None
