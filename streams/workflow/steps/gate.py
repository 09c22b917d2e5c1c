"""Step `gate`: evaluates the candidate by the gate of `models/gate/evaluation.py` on the newest examples.

If the gate refuses the candidate, then the step succeeds and writes the reason.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from models.families.registry import FAMILIES, restore
from models.gate.bounds import Bounds, CandidateHistory, Judged, first_bounds
from models.gate.evaluation import evaluate_candidate
from models.gate.evidence import Evidence, squared_error
from streams.workflow.steps.evaluate import JUDGED
from streams.workflow.steps.features import HOLDOUT
from streams.workflow.steps.files import features_of, read_json, read_rows, run_step, write_json
from weir.errors import UsageError

_TIMED = 200
"""Predictions of a pass."""
_PASSES = 3


def main(arguments: Mapping[str, str]) -> None:
    """Writes the decision.

    Raises:
        UsageError: the model names a family, and lacks what one has.
        SnapshotError: its state can't be read.
    """
    rows = read_rows(arguments["judged"], JUDGED.names)
    fields = Judged.__struct_fields__
    window = [Judged(**{name: row[name] for name in fields if name in row}) for row in rows]
    is_first = all(judged.champion is None for judged in window)
    shipped = Bounds()
    asked = replace(shipped, minimum_people=int(arguments.get("gate-min-people", shipped.minimum_people)))
    bounds = first_bounds(asked, len(window)) if is_first else asked
    e_values = {True: _e_value(window, people=True), False: _e_value(window)}
    history = CandidateHistory(e_values, _cost_us(arguments["model"], arguments["holdout"]))
    found = evaluate_candidate(window, bounds, history)
    decision = {"passed": found.passes, "why": found.why, "figures": found.figures, "people": found.by_people}
    write_json(arguments["decision"], decision)


def _e_value(window: Sequence[Judged], *, people: bool = False) -> float:
    """The e-value that the candidate's error is less than the champion's, or the baseline's without a champion."""
    evidence = Evidence()
    for judged in window:
        if judged.people or not people:
            rival = judged.baseline if judged.champion is None else judged.champion
            evidence.add(squared_error(rival, bad=judged.bad) - squared_error(judged.candidate, bad=judged.bad))
    return evidence.e_value


def _cost_us(model: str, holdout: str) -> float | None:
    """Mean microseconds of a prediction; None for a model of no family, which no worker would have to use."""
    found = read_json(model)
    if found.get("family") not in FAMILIES:
        return None
    try:
        candidate = restore(found["family"], found["hyper_parameters"], base64.b64decode(found["payload"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"The model names a family and lacks what it needs: {error!r}.", "See docs/workflow.md."
        ) from error
    rows = [features_of(row) for row in read_rows(holdout, HOLDOUT.names)[:_TIMED]]
    passes = []
    # The fastest pass counts: other steps and programs use the same processor.
    for _ in range(_PASSES):
        begun_s = time.perf_counter()
        for row in rows:
            candidate.predict_one(row)
        passes.append(time.perf_counter() - begun_s)
    return 1e6 * min(passes) / len(rows)


if __name__ == "__main__":
    run_step(main, ("judged", "model", "holdout", "decision"), ("gate-min-people",))
