"""Quality of a version on examples that arrived after its training, which it can't have learned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from models.families.base import Model
from models.gate.quality import CALIBRATION_BINS, Quality, measure, precision_by_recall
from weir.contracts.label import is_weak
from weir.contracts.training import TrainingExample

RECALLS = tuple(share / 10 for share in range(11))
"""Recalls at which precision is computed, in tenths from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a calibration curve: examples whose scores lie in one tenth."""

    claimed: float
    """Their mean score."""
    bad: float
    """Share of them that is abusive."""
    examples: int
    """Number of examples."""


@dataclass(frozen=True, slots=True)
class Since:
    """Quality and curves of a version on examples after its training."""

    by_people: bool
    """Whether the figures are from human labels alone. Without any, all labels are used."""
    quality: Quality
    """All figures."""
    calibration: list[Bin]
    """Bins that have examples, by ascending score."""
    precision: list[float] = field(default_factory=list)
    """Best precision at a recall of at least 0, 0.1, ..., 1; empty without abuse."""


def since(model: Model, examples: Iterable[TrainingExample]) -> Since | None:
    """Measures a model on examples that it has not learned.

    Args:
        model: The model. It does not learn here.
        examples: Training examples after the model's last one.

    Returns:
        Quality and curves, on human labels if there are any; None without examples.
    """
    found = [(model.predict_one(one.features), one.label == "bad", is_weak(one.source)) for one in examples]
    people = [one for one in found if not one[2]]
    judged = people or found
    if not judged:
        return None
    scores, labels = [score for score, _, _ in judged], [bad for _, bad, _ in judged]
    return Since(bool(people), measure(scores, labels), _calibration(scores, labels), _precision(scores, labels))


def _calibration(scores: list[float], labels: list[bool]) -> list[Bin]:
    score, bad = np.asarray(scores), np.asarray(labels)
    which = np.minimum((score * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    inside = [which == at for at in range(CALIBRATION_BINS)]
    return [Bin(float(score[own].mean()), float(bad[own].mean()), int(own.sum())) for own in inside if own.any()]


def _precision(scores: list[float], labels: list[bool]) -> list[float]:
    recall, precision = precision_by_recall(scores, labels)
    if not len(recall):
        return []
    return [float(precision[recall >= wanted - 1e-9].max()) for wanted in RECALLS]
