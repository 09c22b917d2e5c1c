"""Inverts three labels in ten for an hour: the gate must keep the champion, and the champion its quality."""

from __future__ import annotations

from pathlib import Path

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.probes import probes
from evaluation.models.site import Scene, run_scene

SEEDS = (3, 4, 5, 6, 7)
PROBE_SEED = 10_007
RATE = 0.005
FLIPPED = 0.3


def evaluate(data: Path) -> EvaluationResult:  # noqa: ARG001 -- made-up traffic alone
    """Sites of several seeds, through all stages, gate included."""
    unseen = probes(None, PROBE_SEED)
    rows: list[list[str]] = []
    largest_fall, promoted = 0.0, 0
    for seed in SEEDS:
        scene = Scene(seed=seed, poisoned_share=FLIPPED)
        history = run_scene(scene)
        begins_s, ends_s = scene.hours * 1_200.0, scene.hours * 2_400.0
        inside = [decision for at_s, decision in history.decisions if scene.is_poisoned(at_s)]
        # Who passes begins its trial; the last stage of a trial may end later, on a candidate that is older.
        passed = sum(decision.kind == "shadow" for decision in inside)
        refused = sum(decision.kind == "refusal" for decision in inside)
        before = [unseen.recall(scorer, RATE) for at_s, _, scorer in history.champions if at_s < begins_s][-1:]
        during = [unseen.recall(scorer, RATE) for at_s, _, scorer in history.champions if begins_s <= at_s < ends_s]
        after = [unseen.recall(scorer, RATE) for at_s, _, scorer in history.champions if at_s >= ends_s]
        in_force = [*before, *during, *after]
        promoted += passed
        largest_fall = max(largest_fall, in_force[0] - min(in_force))
        poisoned = sum(scene.is_poisoned(at_s) for at_s, _ in history.answers)
        rows.append(
            [
                str(seed),
                str(poisoned),
                str(sum(decision.kind == "refresh" for decision in inside)),
                str(refused),
                f"{in_force[0]:.3f}",
                f"{min((*before, *during)):.3f}" if before or during else "",
                f"{min(after):.3f}" if after else "",
            ]
        )
    return EvaluationResult(
        title="Poisoned answers",
        text=(
            "Three hours of the demo's traffic through all stages; in the middle hour, three answers in ten are the "
            "opposite of the truth. Recall at 0.5 % false positives is that of each champion in force, on sessions of "
            "another seed, without labels: before the hour, in it, and in the hour after it, in which what was "
            "learned wrong may still be served."
        ),
        figures=[
            Figure("Poisoning: other models that pass meanwhile", float(promoted), 0.0, at_least=False, places=0),
            Figure(
                "Poisoning: largest fall of the live recall, in the hour and after it",
                largest_fall,
                0.02,
                at_least=False,
            ),
        ],
        tables=[
            ResultTable(
                "By seed",
                [
                    "seed",
                    "answers meanwhile",
                    "refreshes",
                    "refused",
                    "recall at first",
                    "lowest meanwhile",
                    "lowest after",
                ],
                rows,
            )
        ],
    )
