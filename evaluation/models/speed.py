"""Time of a score: the default champion on the revisions of the demo's sessions, in the order of the topic."""

from __future__ import annotations

from pathlib import Path
from time import thread_time

import msgspec

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.site import Scene, run_scene
from models.families.base import Features
from models.families.frozen import Predictor, frozen
from models.families.registry import FAMILIES
from weir.kafka.records import LogRecord
from weir.topics import SCORES, Topic

HOURS = 1.0
ROUNDS = 5
GOAL_US = 150.0


class _Scored(msgspec.Struct):
    features: dict[str, float | str]


_read = msgspec.json.Decoder(_Scored)


def evaluate(data: Path) -> EvaluationResult:  # noqa: ARG001 -- made-up traffic alone
    """Learns on the first half of an hour's revisions, scores the second: values it has not met, among those it has."""
    seen: list[Features] = []

    def watch(topic: Topic, record: LogRecord) -> None:
        if topic is SCORES and record.value is not None:
            seen.append(_read.decode(record.value).features)

    run_scene(Scene(seed=3, hours=HOURS), watch=watch)
    half = len(seen) // 2
    learned, met = seen[:half], seen[half:]
    model = FAMILIES["pooled-ensemble"]()
    for number, features in enumerate(learned):
        model.learn_one(features, bad=number % 3 == 0)
    plain = min(_cost_us(model, met) for _ in range(ROUNDS))
    fresh = []
    for _ in range(ROUNDS):
        quick = frozen(model)
        _cost_us(quick, learned)
        fresh.append(_cost_us(quick, met))
    return EvaluationResult(
        title="What a score costs",
        text=(
            f"The default champion on {len(met):,} revisions of sessions of the demo's traffic, after as many others, "
            f"in microseconds of one thread's processor time; the best of {ROUNDS} rounds, since others use the "
            "machine. A worker scores with a form of the model that keeps what each value adds."
        ),
        figures=[Figure("Score of a session, µs", min(fresh), GOAL_US, at_least=False, places=0)],
        tables=[
            ResultTable(
                "By form of the model",
                ["form", "µs a session, best", "worst"],
                [
                    ["as it learns", f"{plain:.0f}", ""],
                    ["as a worker scores", f"{min(fresh):.0f}", f"{max(fresh):.0f}"],
                ],
            )
        ],
    )


def _cost_us(model: Predictor, cases: list[Features]) -> float:
    begun_s = thread_time()
    for features in cases:
        model.predict_one(features)
    return 1e6 * (thread_time() - begun_s) / max(len(cases), 1)
