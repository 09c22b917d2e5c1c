"""What a trainer is told, what it tells, and what it remembers beside its models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from models.families.base import Model
from models.families.ensemble import Ensemble
from models.features.registry import FEATURES_VERSION
from models.gate.evaluation import Bounds, Judged
from models.gate.evidence import Evidence
from models.gate.refresh import Published
from models.gate.rollout import Stretch
from models.gate.rollout import Trial as OnTrial
from models.gate.thresholds import Thresholds
from models.labels.trust import Trust
from models.serving.snapshot import MODEL_ID, payload_of
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial

FIRST_PEOPLE = 20
"""Answers of people, or labels of all kinds, that a first champion is judged by at least."""
LearnedFrom = Literal["people", "weak", "both"]


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """How a trainer works."""

    window: int = 500
    """Newest examples on which candidate and champion meet."""
    every: int = 100
    """Examples between two meetings."""
    first_from: int = 20
    """Examples before the first meeting of all, as long as there is no champion."""
    first_every: int = 10
    """Examples between two meetings, as long as there is none."""
    refresh_every: int = 50
    """Examples after which what the learner has learned since is published, at most; 0: never."""
    refresh_every_s: float = 300.0
    """Seconds of the examples' records after which it is, at most."""
    bounds: Bounds = field(default_factory=Bounds)
    family: str = Ensemble.family
    hyper_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from the family's own."""
    false_positive_rate: float = 0.005
    """Share of benign sessions that may be blocked on the model's word."""
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

    decision: Decision | None
    snapshot: Snapshot | None
    champion: Champion | None
    trial: Trial | None = None
    draft: Snapshot | None = None
    """What the learner knows, for the record: nobody acts on it."""
    forgotten: tuple[str, ...] = ()
    """Keys of records that are to be taken out of the topic."""


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
    benign_scores: list[float] = []
    """What the learner said of the newest sessions that people called good, before it learned so; oldest first."""
    bad_scores: list[float] = []
    trust: Trust = msgspec.field(default_factory=Trust)
    by_people: Evidence = msgspec.field(default_factory=Evidence)
    """That the candidate is better than the champion, or than the baseline as long as there is none."""
    by_all: Evidence = msgspec.field(default_factory=Evidence)
    trial: OnTrial | None = None
    reign: Stretch | None = None
    tells: bool = False
    """Whether any label so far could tell a model something: one of a person, or weak ones of both kinds."""
    first_label: str | None = None
    is_in_line: bool = False
    """Whether the champion is the learner as it was: only then may the learner refresh it."""
    may_resume: bool = False
    """Whether answers alone, no person, have taken the learner's newer versions back: no worse by then, it goes on."""
    since_crowned: int = 0
    """Examples since the champion was taken."""
    since_doubt: int = 1_000_000
    """Examples since answers contradicted the champion on both sides."""
    since_published: int = 0
    """Examples since the learner was published, as champion, challenger or draft."""
    published_at: float = 0.0
    refreshes: list[Published] = []
    """Those in the topic, oldest first."""
    retrained: list[str] = []
    """Versions that workflows trained and that were decided on, oldest first."""


def first_bounds(bounds: Bounds, answers: int) -> Bounds:
    """What the gate asks of a first champion: fewer answers, and no more calibration than chance lets be seen."""
    chance = 0.5 / math.sqrt(max(answers, 1))
    return replace(
        bounds,
        minimum_people=min(bounds.minimum_people, FIRST_PEOPLE),
        minimum_examples=min(bounds.minimum_examples, FIRST_PEOPLE),
        maximum_calibration_error=bounds.maximum_calibration_error + chance,
        maximum_excess_flagged=bounds.maximum_excess_flagged + chance,
    )


def learned_from(counts: Counts) -> LearnedFrom:
    """Whose labels were learned."""
    return "both" if counts.people and counts.weak else "people" if counts.people else "weak"


def snapshot_of(model: Model, decision: Decision | None, at: float, counts: Counts, spoken: Thresholds) -> Snapshot:
    """A model as it is now, by the name that its last example gives it; without a decision it is a draft."""
    return Snapshot(
        id=MODEL_ID,
        version=str(counts.trained_to),
        family=model.family,
        hyper_parameters=model.hyper_parameters,
        features_version=FEATURES_VERSION,
        trained_to_offset=counts.trained_to,
        examples=counts.examples,
        learned_from=learned_from(counts),
        figures=(decision.figures if decision is not None else {}) | spoken.figures(),
        created_at=at,
        draft=decision is None,
        block_from=spoken.block_from,
        review_from=spoken.review_from,
        payload=payload_of(model),
        signature="",
    )
