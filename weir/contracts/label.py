"""Somebody's or something's answer about a session."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import EpochSeconds, Identifier, Record

LabelValue = Literal["good", "bad"]


class Label(Record):
    """Topic `weir.labels`, key `visitor_id`."""

    visitor_id: Identifier
    session_id: Identifier | None = None
    """None: the visitor's session that was open at `ts`, or the last before it."""
    ts: EpochSeconds
    """When the answer was given (with a session id), or the moment that it is about (without)."""
    label: LabelValue
    category: Annotated[str, Field(max_length=128)] | None = None
    """Kind of abuse, such as `scraper` or `spam`."""
    source: Identifier
    """Who says so: a person's or team's name, or `weak:<what>` for what Weir concluded itself."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """How much the example counts in learning."""
