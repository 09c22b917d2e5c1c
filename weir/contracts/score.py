"""The score of a session's revision, with the features that were scored."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Record, Share

FeatureValue = float | str


class ModelRef(BaseModel):
    """A model, by id and version."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, use_attribute_docstrings=True)

    id: str
    """Id of the model."""
    version: str
    """Version of the model."""


class Score(Record):
    """Topic `weir.scores`, key `visitor_id`. Training takes the features from here and never computes them again."""

    session_id: str
    """The session that is scored."""
    visitor_id: str
    """The session's visitor."""
    revision: Count
    """The session's revision that is scored."""
    ts: EpochSeconds
    """The session's `end` in this revision."""
    start: EpochSeconds
    """The session's `start` in this revision: with `ts`, what a label without a session id is matched against."""
    final: bool
    """Whether this is the session's last revision."""
    features: dict[str, FeatureValue]
    """Numbers, categories and texts by name, as the registry in `models/features` declares them."""
    features_version: str
    """Version of the features' registry."""
    features_hash: str
    """Hash of the features' canonical JSON."""
    score: Share | None
    """Probability of abuse; None while no model has passed the gate."""
    model: ModelRef | None
    """The model that gave the score; None while no model scores."""
    champion: bool
    """True for the champion's score, False for a candidate's."""
    verdict: Annotated[str, Field(max_length=16)] | None = None
    """The cascade's verdict on this revision, without human labels; None for a session that another took over."""
    stage: Annotated[str, Field(max_length=16)] | None = None
    """The stage of the cascade that decided."""
    merged_into: str | None = None
    """The session that took over this session's events: labels on this session now apply to that one."""
    rules: list[str] = Field(default_factory=list)
    """Of a closed or flagged session: patterns and rules that hold for the session, with those in shadow."""
    rules_alone: list[str] = Field(default_factory=list)
    """The rules without which heuristics would not have flagged the session; of rules in shadow, those with which
    heuristics would have flagged it."""
    unusual: float | None = None
    """How unusual a closed session is among the sessions before it, in standard deviations, by half-space trees. It has
    no effect on the verdict. None for an open session, before there are enough sessions, and with `anomaly` off."""
