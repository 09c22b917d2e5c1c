"""A question for a person."""

from __future__ import annotations

from typing import Literal

from weir.contracts.base import EpochSeconds, Record, Share
from weir.contracts.flag import Reason


class Review(Record):
    """Topic `weir.reviews`, key `session_id`."""

    session_id: str
    """The session that the question is about."""
    visitor_id: str
    """The session's visitor."""
    ts: EpochSeconds
    """The session's `end`; for `conflict`, the time of the label that contradicts."""
    why: Literal["unsure", "novel", "random", "conflict"]
    """`unsure`: the verdict is `review`, or the score is near the middle; `novel`: unusual; `random`: a sample;
    `conflict`: two people contradict each other."""
    score: Share | None
    """Probability of abuse, from 0 to 1; None while no model scores, and for `conflict`."""
    reasons: list[Reason]
    """Hints for the reviewer."""
