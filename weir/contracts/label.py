"""An answer about a session, by a person or by Weir itself, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import EpochSeconds, Identifier, Record

LabelValue = Literal["good", "bad"]
AnswerValue = Literal["good", "bad", "withdrawn"]
WITHDRAWN: Literal["withdrawn"] = "withdrawn"
"""The value of a label that withdraws an earlier one of its source."""
WEAK_PREFIX = "weak:"
"""Begins the source of a label that Weir concluded itself."""
REPORT_PREFIX = "report:"
"""Begins the source of a visitor's report about another."""


def is_weak(source: str) -> bool:
    """Whether a label's source is Weir itself, not a person."""
    return source.startswith(WEAK_PREFIX)


def is_report(source: str) -> bool:
    """Whether a label's source is a visitor who reports another: anybody can, so it teaches nothing."""
    return source.startswith(REPORT_PREFIX)


def kind_of(source: str) -> Literal["weak", "report", "people"]:
    """Who says so, as metrics count it."""
    return "weak" if is_weak(source) else "report" if is_report(source) else "people"


def is_trusted(source: str, human_sources: Iterable[str]) -> bool:
    """Whether answers of the source decide: it is named, or begins as a name that ends in `*` does.

    Weir itself and visitors who report are never trusted, whatever is named.
    """
    if is_weak(source) or is_report(source):
        return False
    return any(source.startswith(name[:-1]) if name.endswith("*") else source == name for name in human_sources)


class LabelOutcome(StrEnum):
    """What became of a label."""

    JOINED = "joined"
    WAITING = "waiting"
    REPEATED = "repeated"
    """The same source had given the same label."""
    OUTDATED = "outdated"
    """The same source has given a later label."""
    OUTRANKED = "outranked"
    """Weak, where a person has spoken."""
    EXPIRED = "expired"
    """No session came in time."""
    OVERFLOWED = "overflowed"
    """Too many labels of one visitor wait already."""
    REPORTED = "reported"
    """A visitor's report was noted."""
    WITHDRAWN = "withdrawn"
    """The source withdrew the label."""
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
    label: AnswerValue
    """`bad`: the session is abusive; `good`: it is benign; `withdrawn`: the source withdraws its label of the
    session, or without a session id all its labels of the visitor until `ts`."""
    category: Annotated[str, Field(max_length=128)] | None = None
    """Kind of abuse, such as `scraper` or `spam`."""
    source: Identifier
    """Who says so: a person's or team's name, `report:<who>` for a visitor who reports this one, or `weak:<what>` for
    what Weir concluded itself."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """How much the example counts in learning."""
