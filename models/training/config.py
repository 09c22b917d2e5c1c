"""How a trainer works, and the records that a step of it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.families.ensemble import Ensemble
from models.gate.bounds import Bounds
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """How a trainer works."""

    window: int = 500
    """Newest examples on which the gate evaluates candidate and champion."""
    every: int = 100
    """Examples between two evaluations."""
    first_from: int = 20
    """Examples before the first evaluation of all, while there is no champion."""
    first_every: int = 10
    """Examples between two evaluations, while there is none."""
    refresh_every: int = 50
    """Examples after which the learner is published, at most; 0: never."""
    refresh_every_s: float = 300.0
    """Seconds, by the times of the examples' records, after which the learner is published, at most."""
    bounds: Bounds = field(default_factory=Bounds)
    family: str = Ensemble.family
    hyper_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from the family's own."""
    false_positive_rate: float = 0.005
    """Share of benign sessions that a model's score may block."""
    sample_share: float = 0.0
    """Share of sessions that people are asked about independent of the verdict: their labels show what is missed."""
    rollout_answers: int = 0
    """Labels that each stage of a rollout takes; 0: a candidate that passes the gate is promoted at once, and is not
    rolled back."""
    rollout_share: float = 0.2
    """Share of the visitors that a challenger scores for before it scores for all."""
    segments: str = "user_agent_family"
    """The category whose values are the segments: a candidate must not be clearly worse in any of them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step of the trainer led to; the records are not signed yet."""

    decision: Decision | None
    snapshot: Snapshot | None
    champion: Champion | None
    trial: Trial | None = None
    draft: Snapshot | None = None
    """The learner as it is, for the record: no decision names it."""
    forgotten: tuple[str, ...] = ()
    """Keys of records that are to be deleted from the topic."""
