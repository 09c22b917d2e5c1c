"""Three answers in ten are flipped for an hour: the gate must keep the champion, and the champion its quality."""

from __future__ import annotations

from pathlib import Path

from evaluation.models.probes import probes
from evaluation.models.result import Figure, Result, Table
from evaluation.models.site import Scene, play

SEEDS = (3, 4, 5)
PROBE_SEED = 10_007
RATE = 0.005
FLIPPED = 0.3


def evaluate(data: Path) -> Result:  # noqa: ARG001 -- made-up traffic alone
    """Sites of several seeds, through all stages, gate included."""
    unseen = probes(None, PROBE_SEED)
    rows: list[list[str]] = []
    largest_fall, promoted = 0.0, 0
    for seed in SEEDS:
        scene = Scene(seed=seed, poisoned_share=FLIPPED)
        told = play(scene)
        begins_s, ends_s = scene.hours * 1_200.0, scene.hours * 2_400.0
        inside = [decision for at_s, decision in told.decisions if scene.is_poisoned(at_s)]
        promotions = sum(decision.kind == "promotion" for decision in inside)
        before = [unseen.recall(scorer, RATE) for at_s, _, scorer in told.champions if at_s < begins_s][-1:] or [0.0]
        during = [unseen.recall(scorer, RATE) for at_s, _, scorer in told.champions if begins_s <= at_s < ends_s]
        lowest = min([*before, *during])
        promoted += promotions
        largest_fall = max(largest_fall, before[0] - lowest)
        poisoned = sum(scene.is_poisoned(at_s) for at_s, _ in told.answers)
        rows.append(
            [
                str(seed),
                str(poisoned),
                f"{len(inside)}",
                f"{promotions}",
                f"{before[0]:.3f}",
                f"{lowest:.3f}",
            ]
        )
    return Result(
        title="Poisoned answers",
        text=(
            "Three hours of the demo's traffic through all stages; in the middle hour, three answers in ten are the "
            "opposite of the truth. Recall at 0.5 % false positives is that of the champion in force, on sessions of "
            "another seed that nobody labels."
        ),
        figures=[
            Figure("Poisoning: candidates promoted meanwhile", float(promoted), 0.0, at_least=False, places=0),
            Figure("Poisoning: largest fall of the live recall", largest_fall, 0.01, at_least=False),
        ],
        tables=[
            Table(
                "By seed",
                ["seed", "answers meanwhile", "meetings meanwhile", "promotions", "recall before", "lowest meanwhile"],
                rows,
            )
        ],
    )
