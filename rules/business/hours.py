"""The hours of the week in which a rule is in force, by the clock of a place."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from rules.document import Strict, as_tuple

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = get_args(Day)
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Hours(Strict):
    """From `after` to before `before`; past midnight if that is earlier. Compared with a session's newest event."""

    after: Clock = "00:00"
    before: Clock = "00:00"
    """Midnight is the end of the day."""
    days: Annotated[tuple[Day, ...], BeforeValidator(as_tuple), Field(min_length=1)] = DAYS
    """Days on which it is so; the hours past midnight are the next day's."""
    timezone: str = "UTC"
    """By its name in the IANA database, such as `Europe/Berlin`."""

    def hold_at(self, ts: float) -> bool:
        """Whether the time is among them."""
        local = datetime.fromtimestamp(ts, zone(self.timezone))
        if DAYS[local.weekday()] not in self.days:
            return False
        now, after, before = local.time(), time.fromisoformat(self.after), time.fromisoformat(self.before)
        if before <= after:
            return now >= after or now < before
        return after <= now < before

    @property
    def are_never(self) -> bool:
        """Whether there are none, or all: 09:00 to 09:00 says nothing that could be meant."""
        return self.after == self.before != "00:00"


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        KeyError: there is none; `ZoneInfoNotFoundError` is one.
        ValueError: it is no name.
    """
    return ZoneInfo(name)
