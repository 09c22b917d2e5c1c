"""A training example: a label joined with the scored features."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.contracts.base import EpochSeconds, Record, Share
from weir.contracts.label import LabelValue
from weir.contracts.score import FeatureValue, ModelRef


class TrainingExample(Record):
    """Topic `weir.training`, one partition: its order is the model's history."""

    example_id: str
    """Hash of session, source and label time."""
    session_id: str
    """The session that was labelled."""
    visitor_id: str
    """The session's visitor."""
    features: dict[str, FeatureValue]
    """Features by name, as the record of `weir.scores` has them."""
    features_version: str
    """Version of the features' registry."""
    score: Share | None
    """The session's score at that time; None: no model scored then."""
    model: ModelRef | None
    """The model that gave the score; None: no model scored then."""
    label: LabelValue
    """`bad`: the session is abusive; `good`: it is benign."""
    category: str | None
    """Kind of abuse by the label."""
    source: str
    """The label's source: a person's or team's name, or `weak:<what>` for a label that Weir derived."""
    weight: Annotated[float, Field(gt=0, le=100)]
    """The example's weight in training."""
    labelled_at: EpochSeconds
    """The label's `ts`."""
    verdict: Annotated[str, Field(max_length=16)] | None = None
    """The cascade's verdict on the session, without human labels."""
