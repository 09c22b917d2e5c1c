"""The answers on a visitor that are in force: verdicts by human labels and reports, each with its end."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Identifier, Record, Share
from weir.contracts.score import ModelRef
from weir.contracts.verdict import Stage, Verdict

REPORTS = "reports"
"""The source of a verdict that follows from visitors' reports."""


class AnswerRef(BaseModel):
    """An answer in force: its source, its verdict and its times."""

    model_config = ConfigDict(
        strict=True, extra="allow", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True
    )

    label: Literal["good", "bad"]
    """`bad`: the session is abusive; `good`: it is benign."""
    verdict: Verdict
    """The verdict on sessions: `allow` for `good`."""
    source: Identifier
    """The answer's source; `reports` for a verdict that follows from visitors' reports."""
    ts: EpochSeconds
    """The answer's `ts`; of reports, the newest report's. The answer decides sessions that end then or later."""
    until: EpochSeconds
    """The answer does not decide sessions that end at this time or later."""


class AnsweredSession(BaseModel):
    """The last score of a session when an answer about it came, with all fields that a flag needs."""

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
    """The session's last scored revision."""
    ts: EpochSeconds
    """The session's `end` in this revision."""
    score: Share | None
    """Probability of abuse; None while no model scores."""
    model: ModelRef | None
    """The model that gave the score; None while no model scores."""
    features_hash: str | None
    """Hash of the features' canonical JSON, as in `weir.scores`."""
    verdict: Verdict
    """The cascade's verdict on the session, without human labels."""
    stage: Stage
    """The stage that decided."""


class StandingAnswer(AnswerRef):
    """An answer in force, with the sessions that it names."""

    session_ids: list[str] = Field(default_factory=list)
    """Sessions that the answer is about; it decides these, however long ago they ended."""
    session: AnsweredSession | None = None
    """The last of these sessions, if it was scored."""


class Answers(Record):
    """Topic `weir.answers`, key `visitor_id`: all answers in force on a visitor; a newer record replaces older ones."""

    visitor_id: Identifier
    """The visitor."""
    answers: list[StandingAnswer]
    """The verdict by visitors' reports, then those by trusted people's labels, by `ts`; the last in force decides."""
