"""Whether labels contradict what the champion was confident of, so that the labels are doubted."""

from __future__ import annotations

from collections.abc import Sequence

from models.gate.bounds import Bounds, Judged
from models.gate.chance import UNLIKELY, chance_of_at_least

CONFIDENT = 0.85
"""Score from which the champion is confident of abuse; from 1 less this downwards it is confident of none."""


def contradictions(judges: Sequence[Judged], bounds: Bounds) -> list[str]:
    """Whether the newer half's labels contradict both kinds of verdict that the champion was confident of.

    A new kind of abuse contradicts confident benign verdicts alone, a new kind of visitor the abusive ones. Labels that
    are wrong at random, or by intent, contradict both.
    """
    newer = [judged for judged in judges[len(judges) // 2 :] if judged.champion is not None]
    benign = [judged.bad for judged in newer if judged.champion is not None and judged.champion <= 1.0 - CONFIDENT]
    abusive = [not judged.bad for judged in newer if judged.champion is not None and judged.champion >= CONFIDENT]
    if any(
        chance_of_at_least(sum(wrong), len(wrong), bounds.maximum_contradicted) > UNLIKELY
        for wrong in (benign, abusive)
    ):
        return []
    good, bad = (f"{sum(wrong) / len(wrong):.0%}" for wrong in (benign, abusive))
    return [
        f"of what the champion was confident of, new labels contradict {good} of the good and {bad} of the bad",
    ]
