"""Small sets of labelled sessions: the default model from its tenth label on, beside the best plain learner of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.plain import PlainLearner, plain_learners
from evaluation.models.small_sets import Example, SmallSet, small_sets
from models.families.base import Model
from models.families.blended_logistic import BlendedLogistic
from models.families.ensemble import Ensemble
from models.gate.quality import measure

FIRST = 10
"""Number of labels that are learned before scores count."""
ORDERS = 20
FARTHEST, FARTHEST_MEAN = 0.02, 0.01
"""How far the default may be below the best plain learner: on each set, and on the mean over the sets."""


class _Default:
    def __init__(self, model: Model) -> None:
        self._model = model

    def rank(self, features: Mapping[str, Any]) -> float:
        return self._model.predict_one(features)

    def learn(self, features: Mapping[str, Any], *, bad: bool) -> None:
        self._model.learn_one(features, bad=bad)


def evaluate(data: Path) -> EvaluationResult:
    """Every learner on every set, in several random orders."""
    learners: dict[str, Callable[[], PlainLearner]] = {
        "default": lambda: _Default(Ensemble()),
        "blended-logistic": lambda: _Default(BlendedLogistic()),
        **plain_learners(),
    }
    rows: dict[bool, list[list[str]]] = {False: [], True: []}
    behind: dict[bool, list[float]] = {False: [], True: []}
    for one in small_sets(data):
        found = {name: mean_auc(make, one.examples) for name, make in learners.items()}
        default, blend = found.pop("default"), found.pop("blended-logistic")
        best = max(found, key=lambda name: found[name])
        behind[one.is_held_out].append(found[best] - default)
        rows[one.is_held_out].append(_row(one, default, blend, best, found[best]))
    columns = ["set", "sessions", "default", "blended-logistic", "best plain learner", "its AUC"]
    held_out = behind[True]
    return EvaluationResult(
        title="Small sets",
        text=(
            f"Sets of {_sizes(rows)} labelled sessions. Each session is scored before its label is learned, from label "
            f"{FIRST} on; the AUC is over all these scores, and its mean over {ORDERS} random orders is shown. "
            "The best plain learner of a set is chosen in hindsight. What was tuned was tuned on the first table alone."
        ),
        figures=[
            Figure("Small sets: most below the best plain learner", max(held_out), FARTHEST, at_least=False),
            Figure(
                "Small sets: mean below the best plain learner",
                float(np.mean(held_out)),
                FARTHEST_MEAN,
                at_least=False,
            ),
        ],
        tables=[
            ResultTable("Sets that were tuned on", columns, rows[False]),
            ResultTable("Sets of other data, generators or abuse, kept apart", columns, rows[True]),
        ],
    )


def mean_auc(make: Callable[[], PlainLearner], examples: Sequence[Example]) -> float:
    """Mean AUC of the scores before each label, over the orders."""
    return float(np.mean([_auc(make(), examples, order) for order in range(ORDERS)]))


def _auc(learner: PlainLearner, examples: Sequence[Example], order: int) -> float:
    shuffled = list(examples)
    Random(order).shuffle(shuffled)
    scores: list[float] = []
    for number, example in enumerate(shuffled):
        if number >= FIRST:
            scores.append(learner.rank(example.features))
        learner.learn(example.features, bad=example.bad)
    return measure(scores, [example.bad for example in shuffled[FIRST:]]).auc


def _row(one: SmallSet, default: float, blend: float, best: str, auc: float) -> list[str]:
    return [one.name, str(len(one.examples)), f"{default:.3f}", f"{blend:.3f}", best, f"{auc:.3f}"]


def _sizes(rows: Mapping[bool, list[list[str]]]) -> str:
    sizes = [int(row[1]) for table in rows.values() for row in table]
    return f"{min(sizes)} to {max(sizes)}"
