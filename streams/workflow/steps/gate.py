"""Step `gate`: the gate of `models/gate/evaluation.py`, which every candidate meets, on the newest examples.

A refusal is a result, and no failure: the step ends well and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from models.gate.bounds import Bounds, CandidateHistory, Judged, first_bounds
from models.gate.evaluation import evaluate_candidate
from models.gate.evidence import Evidence, squared_error
from streams.workflow.steps.evaluate import JUDGED
from streams.workflow.steps.files import read_rows, run_step, write_json


def main(arguments: Mapping[str, str]) -> None:
    """Writes the decision."""
    rows = read_rows(arguments["judged"], JUDGED.names)
    fields = Judged.__struct_fields__
    window = [Judged(**{name: row[name] for name in fields if name in row}) for row in rows]
    is_first = all(judged.champion is None for judged in window)
    shipped = Bounds()
    asked = replace(shipped, minimum_people=int(arguments.get("gate-min-people", shipped.minimum_people)))
    bounds = first_bounds(asked, len(window)) if is_first else asked
    history = CandidateHistory({True: _e_value(window, people=True), False: _e_value(window)})
    found = evaluate_candidate(window, bounds, history)
    decision = {"passed": found.passes, "why": found.why, "figures": found.figures, "people": found.by_people}
    write_json(arguments["decision"], decision)


def _e_value(window: Sequence[Judged], *, people: bool = False) -> float:
    """The e-value that the candidate errs less than the champion, or than the baseline where none scored."""
    evidence = Evidence()
    for judged in window:
        if judged.people or not people:
            rival = judged.baseline if judged.champion is None else judged.champion
            evidence.add(squared_error(rival, bad=judged.bad) - squared_error(judged.candidate, bad=judged.bad))
    return evidence.e_value


if __name__ == "__main__":
    run_step(main, ("judged", "decision"), ("gate-min-people",))
