"""What a trainer is told, what it tells, and what it remembers beside its models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from models.base import Model
from models.blend import BlendedLogistic
from models.evidence import Evidence
from models.features.registry import FEATURES_VERSION
from models.gate import Bounds, Judged
from models.rollout import Stretch
from models.rollout import Trial as OnTrial
from models.snapshot import payload_of
from models.trust import Trust
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial

LearnedFrom = Literal["people", "weak", "both"]


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """How a trainer works."""

    window: int = 500
    """Newest examples on which candidate and champion meet."""
    every: int = 100
    """Examples between two meetings."""
    bounds: Bounds = field(default_factory=Bounds)
    family: str = BlendedLogistic.family
    hyper_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from the family's own."""
    sample_share: float = 0.0
    """Share of sessions that people are asked about whatever the cascade says: their answers tell what is missed."""
    trial_answers: int = 0
    """Answers that each stage of a rollout takes; 0: who passes the gate is champion at once, and stays so."""
    trial_share: float = 0.2
    """Share of the visitors that a challenger scores for before all."""
    segments: str = "user_agent_family"
    """The category whose values are the segments in none of which a candidate may fail."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a meeting led to; the records are not signed yet."""

    decision: Decision
    snapshot: Snapshot | None
    champion: Champion | None
    trial: Trial | None = None
    forgotten: int | None = None
    """Number of an old refusal that is to be taken off the record."""


class Counts(msgspec.Struct):
    """What the trainer remembers beside its models."""

    examples: int = 0
    people: int = 0
    weak: int = 0
    since_meeting: int = 0
    trained_to: int = 0
    next_decision: int = 0
    refusals: list[int] = []
    """Numbers of those on record, oldest first."""
    champion: tuple[str, str, LearnedFrom, int] | None = None
    """Id, version, whose labels, number of the decision."""
    vacant_since: int = -1
    """Number of the decision that took the last first champion back."""
    window: list[Judged] = []
    sampled: list[tuple[str, bool, bool]] = []
    """Answers about the random sample: session, whether it was flagged, whether it was bad; oldest first."""
    trust: Trust = msgspec.field(default_factory=Trust)
    by_people: Evidence = msgspec.field(default_factory=Evidence)
    """That the candidate is better than the champion, or than the baseline as long as there is none."""
    by_all: Evidence = msgspec.field(default_factory=Evidence)
    trial: OnTrial | None = None
    reign: Stretch | None = None


def snapshot_of(model: Model, decision: Decision, counts: Counts) -> Snapshot:
    """A model as it is now, by the name that its last example gives it."""
    learned_from: LearnedFrom = "both" if counts.people and counts.weak else "people" if counts.people else "weak"
    return Snapshot(
        id=decision.id,
        version=str(counts.trained_to),
        family=model.family,
        hyper_parameters=model.hyper_parameters,
        features_version=FEATURES_VERSION,
        trained_to_offset=counts.trained_to,
        examples=counts.examples,
        learned_from=learned_from,
        figures=decision.figures,
        created_at=decision.decided_at,
        payload=payload_of(model),
        signature="",
    )
