"""An answer about a session, by a person or by Weir itself, and what becomes of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import EpochSeconds, Identifier, Record

LabelValue = Literal["good", "bad"]
WEAK_PREFIX = "weak:"
"""Begins the source of a label that Weir concluded itself."""


def is_weak(source: str) -> bool:
    """Whether a label's source is Weir itself, not a person."""
    return source.startswith(WEAK_PREFIX)


class LabelOutcome(StrEnum):
    """What became of a label."""

    JOINED = "joined"
    WAITING = "waiting"
    REPEATED = "repeated"
    """The same source had said the same."""
    OUTDATED = "outdated"
    """The same source has said something later."""
    OUTRANKED = "outranked"
    """Weak, where a person has spoken."""
    EXPIRED = "expired"
    """No session came in time."""
    OVERFLOWED = "overflowed"
    """Too many labels of one visitor wait already."""
    REKEYED = "rekeyed"
    """Sent on to the partition of its visitor."""
    UNREADABLE = "unreadable"
    """No label: sent to the dead letters."""


class Label(Record):
    """Topic `weir.labels`, key `visitor_id`."""

    visitor_id: Identifier
    """The visitor whose session the answer is about."""
    session_id: Identifier | None = None
    """None: the visitor's session that was open at `ts`, or the last before it."""
    ts: EpochSeconds
    """When the answer was given (with a session id), or the moment that it is about (without)."""
    label: LabelValue
    """`bad`: the session is abusive; `good`: it is benign."""
    category: Annotated[str, Field(max_length=128)] | None = None
    """Kind of abuse, such as `scraper` or `spam`."""
    source: Identifier
    """Who says so: a person's or team's name, or `weak:<what>` for what Weir concluded itself."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """How much the example counts in learning."""
