"""The hours of the week in which a rule is in force, in a time zone."""

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
    """The hours from `after` until `before`, compared with the time of a session's newest event.

    If `before` is no later than `after`, then the hours go past midnight.
    """

    after: Clock = "00:00"
    before: Clock = "00:00"
    """00:00 is the end of the day."""
    days: Annotated[tuple[Day, ...], BeforeValidator(as_tuple), Field(min_length=1)] = DAYS
    """Days on which the hours hold. Hours past midnight belong to the next day."""
    timezone: str = "UTC"
    """A name of the IANA database, such as `Europe/Berlin`."""

    def hold_at(self, ts: float) -> bool:
        """Whether a time lies within the hours."""
        local = datetime.fromtimestamp(ts, zone(self.timezone))
        if DAYS[local.weekday()] not in self.days:
            return False
        now, after, before = local.time(), time.fromisoformat(self.after), time.fromisoformat(self.before)
        if before <= after:
            return now >= after or now < before
        return after <= now < before

    @property
    def are_never(self) -> bool:
        """Whether the hours end where they begin, as 09:00 to 09:00 does, which may mean no hour or all hours."""
        return self.after == self.before != "00:00"


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        KeyError: There is no such zone; `ZoneInfoNotFoundError` is a `KeyError`.
        ValueError: The text is no name of a zone.
    """
    return ZoneInfo(name)
