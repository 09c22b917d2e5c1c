"""The header that entries of packs and entries of business rules share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from rules.document import Strict, as_date

Day = Annotated[date, BeforeValidator(as_date)]
EntryId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
EntryReason = Annotated[str, Field(min_length=8, max_length=300)]
"""A sentence for the person who reads the flag."""


class EntryHeader(Strict):
    """What an entry is called, why it is there, and when it is in force."""

    id: EntryId
    reason: EntryReason
    added: Day | None = None
    expires: Day | None = None
    """From this day (UTC) on the entry is not in force."""
    enabled: bool = True

    def is_expired(self, today: date) -> bool:
        """Whether the entry has an expiry day, and the day has come."""
        return self.expires is not None and self.expires <= today
