"""How often the interval of the recall estimate holds the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.data import messages
from evaluation.models.progressive import progressive
from evaluation.models.sessions import posts
from models.families.registry import FAMILIES
from models.labels.recall import Interval, share_interval

RUNS = 200
FLAGGED_FROM = 0.8
SHARES = (0.02, 0.05, 0.1)


def evaluate(data: Path) -> EvaluationResult:
    """Scores of real messages; of each stratum of scores a random share is asked about, anew in each run."""
    run = progressive(FAMILIES["pooled-ensemble"](), posts(messages(data)))
    score, bad = np.asarray(run.scores), np.asarray(run.labels)
    flagged = score >= FLAGGED_FROM
    truth = float((bad & flagged).sum() / bad.sum())
    rows, fewest = [], RUNS
    for share in SHARES:
        found = [_ask(flagged, bad, share, seed) for seed in range(RUNS)]
        covered = sum(interval.low <= truth <= interval.high for interval in found)
        fewest = min(fewest, covered)
        width = float(np.mean([interval.high - interval.low for interval in found]))
        rows.append([f"{share:.0%}", str(covered), f"{truth:.3f}", f"{width:.3f}"])
    return EvaluationResult(
        title="How much is found at all",
        text=(
            "Recall can only be estimated, from sessions that were chosen without looking at the verdict. Here a "
            "random share of the SMS messages is asked about; the interval that workers show is compared with the "
            "truth."
        ),
        figures=[Figure("Recall's 95 % interval holds the truth, of 200 runs", float(fewest), 188.0, places=0)],
        tables=[ResultTable("By share", ["asked about", "covered, of 200", "true recall", "mean width"], rows)],
    )


def _ask(flagged: np.ndarray, bad: np.ndarray, share: float, seed: int) -> Interval:
    """The estimate from a random sample, as computed by `models.training.trainer`."""
    asked = np.random.default_rng(seed).random(len(bad)) < share
    return share_interval(int((asked & bad & flagged).sum()), int((asked & bad).sum()))
