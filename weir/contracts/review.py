"""A question for a person."""

from __future__ import annotations

from typing import Literal

from weir.contracts.base import EpochSeconds, Record, Share
from weir.contracts.flag import Reason


class Review(Record):
    """Topic `weir.reviews`, key `session_id`."""

    session_id: str
    visitor_id: str
    ts: EpochSeconds
    why: Literal["unsure", "novel", "random", "conflict"]
    score: Share | None
    reasons: list[Reason]
    """What to look at."""
