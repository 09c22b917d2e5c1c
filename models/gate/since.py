"""How a version has done since it was trained: on answers that it cannot have learned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from models.families.base import Model
from models.gate.quality import CALIBRATION_BINS, Quality, measure, precision_by_recall
from weir.contracts.label import is_weak
from weir.contracts.training import TrainingExample

RECALLS = tuple(share / 10 for share in range(11))


@dataclass(frozen=True, slots=True)
class Bin:
    """Examples whose scores lie in one tenth."""

    claimed: float
    """Their mean score."""
    bad: float
    """Share of them that was bad."""
    examples: int


@dataclass(frozen=True, slots=True)
class Since:
    """Quality and curves on what came after the training."""

    by_people: bool
    """Whether these are people's answers; without any, all labels are looked at."""
    quality: Quality
    calibration: list[Bin]
    precision: list[float] = field(default_factory=list)
    """The best precision at each recall from 0 to 1 in tenths, or beyond it."""


def since(model: Model, examples: Iterable[TrainingExample]) -> Since | None:
    """How the model does on these; None without any."""
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
