"""A session revision's features as scored, and the score."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weir.contracts.base import Count, EpochSeconds, Record, Share

FeatureValue = float | str


class ModelRef(BaseModel):
    """Which model spoke."""

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
    """The stage of the cascade that decided so."""
    merged_into: str | None = None
    """The session that took over this one's events: labels for this one are that one's from now on."""
    rules: list[str] = Field(default_factory=list)
    """Of a session that is closed or flagged: patterns and rules that hold for it, those in shadow too."""
    rules_alone: list[str] = Field(default_factory=list)
    """Those of them without which heuristics would not have flagged it; of those in shadow, with which they would."""
    unusual: float | None = None
    """How unusual a closed session is among those before it, in standard deviations, by half-space trees. Nothing is
    decided by it. None of an open session, while nothing is known, and with `anomaly` off."""
