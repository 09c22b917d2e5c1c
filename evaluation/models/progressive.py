"""Predict, then learn: the scores that a model gave each case before it had seen its label."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from evaluation.models.sessions import CaseFeatures
from models.families.base import Model
from models.gate.quality import Quality, measure, recall_at

POINTS = 20


@dataclass(slots=True)
class ProgressiveRun:
    """Scores and labels, in the order in which they came."""

    scores: list[float] = field(default_factory=list)
    labels: list[bool] = field(default_factory=list)
    settled: list[bool] = field(default_factory=list)
    predict_s: float = 0.0
    learn_s: float = 0.0

    @property
    def quality(self) -> Quality:
        """All figures over the whole run, its beginning included."""
        return measure(self.scores, self.labels)

    def since(self, examples: int) -> ProgressiveRun:
        """The run without its first examples."""
        return ProgressiveRun(self.scores[examples:], self.labels[examples:], self.settled[examples:])

    def recall(self, rate: float) -> float:
        """Recall of the model alone, at a rate of false positives."""
        return recall_at(self.scores, self.labels, rate)

    def cascade_recall(self, rate: float) -> float:
        """Recall of patterns and model, when both together may be wrong about so many good ones."""
        together = [2.0 if by_rules else score for by_rules, score in zip(self.settled, self.scores, strict=True)]
        return recall_at(together, self.labels, rate)

    def curve(self, rate: float) -> list[tuple[int, float, float]]:
        """Examples so far, AUC and recall on the newest tenth of the run."""
        size = max(len(self.scores) // POINTS, 1)
        spans = [(end, max(0, end - 2 * size)) for end in range(size, len(self.scores) + 1, size)]
        return [
            (
                end,
                measure(self.scores[start:end], self.labels[start:end]).auc,
                recall_at(self.scores[start:end], self.labels[start:end], rate),
            )
            for end, start in spans
        ]


def progressive(model: Model, cases: list[CaseFeatures]) -> ProgressiveRun:
    """Lets the model predict and learn each case in turn."""
    run = ProgressiveRun()
    for seen in cases:
        begun_s = perf_counter()
        score = model.predict_one(seen.features)
        predicted_s = perf_counter()
        model.learn_one(seen.features, bad=seen.case.bad)
        run.learn_s += perf_counter() - predicted_s
        run.predict_s += predicted_s - begun_s
        run.scores.append(score)
        run.labels.append(seen.case.bad)
        run.settled.append(seen.settled)
    return run
