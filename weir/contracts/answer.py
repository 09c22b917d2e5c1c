"""What the human labels on a visitor lead to, and until when."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Identifier, Record, Share
from weir.contracts.score import ModelRef
from weir.contracts.verdict import Stage, Verdict

REPORTS = "reports"
"""The source of a verdict that visitors' reports came to."""


class AnswerRef(BaseModel):
    """An answer that decides: whose, for what, and until when."""

    model_config = ConfigDict(
        strict=True, extra="allow", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True
    )

    label: Literal["good", "bad"]
    """`bad`: the session is abusive; `good`: it is benign."""
    verdict: Verdict
    """What it gives to sessions: `allow` for `good`."""
    source: Identifier
    """Whose answer it is; `reports` for what visitors' reports came to."""
    ts: EpochSeconds
    """The answer's `ts`; of reports the newest one's. Sessions that end from then on are decided by it."""
    until: EpochSeconds
    """Sessions that end then or later are not."""


class AnsweredSession(BaseModel):
    """A session that an answer is about, as it was scored last when the answer came: what a flag on it needs."""

    model_config = ConfigDict(
        strict=True,
        extra="allow",
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    session_id: str
    """The session."""
    revision: Count
    """Its last scored revision."""
    ts: EpochSeconds
    """Its `end` in this revision."""
    score: Share | None
    """Probability of abuse; None while no model scores."""
    model: ModelRef | None
    """The model that gave the score; None while no model scores."""
    features_hash: str | None
    """Hash of the features' canonical JSON, as in `weir.scores`."""
    verdict: Verdict
    """The cascade's verdict on it, without human labels."""
    stage: Stage
    """The stage that decided so."""


class StandingAnswer(AnswerRef):
    """An answer that decides, with the sessions that it names."""

    session_ids: list[str] = Field(default_factory=list)
    """Sessions that the answer is about: it decides these whenever they ended."""
    session: AnsweredSession | None = None
    """The last of them, if it was scored."""


class Answers(Record):
    """Topic `weir.answers`, key `visitor_id`: all that decides about a visitor; the newest record holds."""

    visitor_id: Identifier
    """The visitor."""
    answers: list[StandingAnswer]
    """What visitors' reports led to, then trusted people's labels, each by `ts`: the last one in force decides."""
