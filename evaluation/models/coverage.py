"""How often the interval of the recall estimate holds the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation.models.data import messages
from evaluation.models.progressive import progressive
from evaluation.models.result import Figure, Result, Table
from evaluation.models.sessions import posts
from models.families import FAMILIES
from models.recall import Interval, Stratum, recall_interval

RUNS = 100
FLAGGED_FROM = 0.8
UNSURE_FROM = 0.35
SHARES = (0.02, 0.05, 0.1)


def evaluate(data: Path) -> Result:
    """Scores of real messages; of each stratum of scores a random share is asked about, anew in each run."""
    run = progressive(FAMILIES["blended-logistic"](), posts(messages(data)))
    score, bad = np.asarray(run.scores), np.asarray(run.labels)
    which = (score >= UNSURE_FROM).astype(int) + (score >= FLAGGED_FROM)
    truth = float((bad & (score >= FLAGGED_FROM)).sum() / bad.sum())
    rows, fewest = [], RUNS
    for share in SHARES:
        found = [_ask(which, bad, share, seed) for seed in range(RUNS)]
        covered = sum(interval.low <= truth <= interval.high for interval in found)
        fewest = min(fewest, covered)
        width = float(np.mean([interval.high - interval.low for interval in found]))
        rows.append([f"{share:.0%}", str(covered), f"{truth:.3f}", f"{width:.3f}"])
    return Result(
        title="How much is found at all",
        text=(
            "Recall can only be estimated, from sessions that were chosen without looking at the verdict. Here a share "
            "of the SMS messages of each stratum of scores is asked about; the interval is compared with the truth."
        ),
        figures=[Figure("Recall's 95 % interval holds the truth, of 100 runs", float(fewest), 93.0, places=0)],
        tables=[Table("By share", ["asked about", "covered, of 100", "true recall", "mean width"], rows)],
    )


def _ask(which: np.ndarray, bad: np.ndarray, share: float, seed: int) -> Interval:
    chance = np.random.default_rng(seed)
    strata = []
    for stratum in range(3):
        inside = np.flatnonzero(which == stratum)
        asked = inside[chance.random(len(inside)) < share]
        strata.append(Stratum(stratum == 2, len(inside), len(asked), int(bad[asked].sum())))  # noqa: PLR2004 -- the third
    return recall_interval(strata)
