"""The verdict on a session, with its reasons."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.answer import AnswerRef
from weir.contracts.base import Count, EpochSeconds, Record, Share
from weir.contracts.score import ModelRef
from weir.contracts.verdict import Stage, Verdict

__all__ = ["Flag", "Reason", "ShadowVerdict", "Stage", "Verdict"]


class Reason(BaseModel):
    """A reason of a verdict: the limit, pattern, model or rule, its version, and a sentence for a person."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, use_attribute_docstrings=True)

    id: str
    """Id of the limit, pattern, model or rule."""
    version: str
    """Version of the configuration, pack or model that the id is from."""
    text: str
    """A sentence for a person."""
    answer: AnswerRef | None = None
    """If a human label decided: the answer, from which the decision can be repeated."""


class ShadowVerdict(BaseModel):
    """The verdict of a stage in shadow."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, use_attribute_docstrings=True)

    stage: Stage
    """The stage in shadow."""
    verdict: Verdict
    """The verdict that the stage would have given."""
    reasons: list[Reason]
    """The reasons of this verdict."""


class Flag(Record):
    """Topic `weir.flags`, key `visitor_id`. Headers `verdict` and `stage` allow filtering without decoding."""

    flag_id: str
    """Hash of session, revision, verdict, stage, reasons and their versions."""
    session_id: str
    """The session that the verdict is on."""
    visitor_id: str
    """The session's visitor."""
    revision: Count
    """The session's revision that was judged."""
    ts: EpochSeconds
    """The session's `end` in this revision."""
    verdict: Verdict
    """The cascade's verdict on the session."""
    stage: Stage
    """The stage that decided."""
    reasons: list[Reason]
    """The reasons of the verdict."""
    score: Share | None
    """Probability of abuse, from 0 to 1; None while no model scores."""
    model: ModelRef | None
    """The model that gave the score; None while no model scores."""
    features_hash: str | None
    """Hash of the features' canonical JSON, as in `weir.scores`."""
    latency_ms: Annotated[float, Field(ge=0)]
    """Time from the append of the event that led to this revision to the verdict; if an answer led to the flag, from
    the append of the answer."""
    shadow: list[ShadowVerdict]
    """Verdicts of stages and patterns in shadow: they have no part in `verdict`."""
    until: EpochSeconds | None = None
    """Event time until which the verdict is in force, unless a newer flag of the session replaces it. None: no action
    is needed, or an older version, without this field, wrote the flag."""
