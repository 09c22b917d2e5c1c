"""A label on a session, by a person or by Weir itself, and its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import EpochSeconds, Identifier, Record

LabelValue = Literal["good", "bad"]
AnswerValue = Literal["good", "bad", "withdrawn"]
WITHDRAWN: Literal["withdrawn"] = "withdrawn"
"""The value of a label that withdraws an earlier label of its source."""
WEAK_PREFIX = "weak:"
"""Prefix of the source of a label that Weir derived itself."""
REPORT_PREFIX = "report:"
"""Prefix of the source of a visitor's report about another visitor."""


def is_weak(source: str) -> bool:
    """Whether a label's source is Weir itself, not a person."""
    return source.startswith(WEAK_PREFIX)


def is_report(source: str) -> bool:
    """Whether a label's source is a visitor who reports another. Any visitor can report, so reports train no model."""
    return source.startswith(REPORT_PREFIX)


def kind_of(source: str) -> Literal["weak", "report", "people"]:
    """The kind of a label's source, as metrics count it."""
    return "weak" if is_weak(source) else "report" if is_report(source) else "people"


def is_trusted(source: str, human_sources: Iterable[str]) -> bool:
    """Whether labels of the source decide: it is named, or begins like a name that ends in `*`.

    Weir itself and visitors who report are never trusted, even if a name matches.
    """
    if is_weak(source) or is_report(source):
        return False
    return any(source.startswith(name[:-1]) if name.endswith("*") else source == name for name in human_sources)


class LabelOutcome(StrEnum):
    """The outcome of a label."""

    JOINED = "joined"
    WAITING = "waiting"
    REPEATED = "repeated"
    """The same source had given the same label."""
    OUTDATED = "outdated"
    """The same source has given a later label."""
    OUTRANKED = "outranked"
    """A weak label on a session that has a human label."""
    EXPIRED = "expired"
    """No session came in time."""
    OVERFLOWED = "overflowed"
    """Too many labels of one visitor were waiting."""
    REPORTED = "reported"
    """A visitor's report was noted."""
    WITHDRAWN = "withdrawn"
    """The source withdrew the label."""
    REKEYED = "rekeyed"
    """Sent on to the partition of its visitor."""
    UNREADABLE = "unreadable"
    """The record is not a valid label: sent to the dead letters."""


class Label(Record):
    """Topic `weir.labels`, key `visitor_id`."""

    visitor_id: Identifier
    """The visitor whose session the answer is about."""
    session_id: Identifier | None = None
    """None: the visitor's session that was open at `ts`, or the last session before `ts`."""
    ts: EpochSeconds
    """With a session id: when the label was given; without: the time that the label is about."""
    label: AnswerValue
    """`bad`: the session is abusive; `good`: it is benign; `withdrawn`: the source withdraws its label of the
    session, or without a session id all its labels of the visitor until `ts`."""
    category: Annotated[str, Field(max_length=128)] | None = None
    """Kind of abuse, such as `scraper` or `spam`."""
    source: Identifier
    """The source: a person's or team's name, `report:<who>` for a visitor who reports this one, or `weak:<what>` for a
    label that Weir derived."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """The example's weight in training."""
