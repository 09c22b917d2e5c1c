"""A label joined with the features as they were scored."""

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
    visitor_id: str
    features: dict[str, FeatureValue]
    features_version: str
    score: Share | None
    """As it was given then."""
    model: ModelRef | None
    label: LabelValue
    category: str | None
    source: str
    weight: Annotated[float, Field(gt=0, le=100)]
    labelled_at: EpochSeconds
    verdict: Annotated[str, Field(max_length=16)] | None = None
    """What the cascade had said of the session."""
