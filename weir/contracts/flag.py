"""The verdict on a session, with its reasons."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Record, Share
from weir.contracts.score import ModelRef

Verdict = Literal["allow", "review", "throttle", "block"]
"""In rising strength."""
Stage = Literal["rate_limit", "heuristics", "model", "business_rule"]
"""In the order in which they speak."""


class Reason(BaseModel):
    """Why: which limit, pattern, model or rule, in which version, and a sentence for a person."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    id: str
    version: str
    text: str


class ShadowVerdict(BaseModel):
    """What a stage in shadow would have said."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    stage: Stage
    verdict: Verdict
    reasons: list[Reason]


class Flag(Record):
    """Topic `weir.flags`, key `visitor_id`. Headers `verdict` and `stage` allow filtering without decoding."""

    flag_id: str
    """Hash of session, revision, verdict, stage, reasons and their versions."""
    session_id: str
    visitor_id: str
    revision: Count
    ts: EpochSeconds
    """The session's `end` in this revision."""
    verdict: Verdict
    stage: Stage
    """The stage that decided."""
    reasons: list[Reason]
    score: Share | None
    model: ModelRef | None
    features_hash: str | None
    latency_ms: Annotated[float, Field(ge=0)]
    """From the append time of the event that led to this revision to the verdict."""
    shadow: list[ShadowVerdict]
