"""Plots that several parts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evaluation.common.result import draw
from evaluation.models.progressive import ProgressiveRun
from models.gate.quality import precision_by_recall

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TENTHS = 10


def learning_curves(runs: Mapping[str, ProgressiveRun], rate: float) -> str:
    """Recall on the newest tenth, as examples come."""

    def plot(axes: Axes) -> None:
        for name, run in runs.items():
            curve = run.curve(rate)
            axes.plot([at for at, _, _ in curve], [recall for _, _, recall in curve], label=name)
        axes.set_xlabel("examples learned")
        axes.set_ylabel(f"recall at {rate:.1%} false positives")
        axes.set_ylim(0, 1.02)
        axes.legend(frameon=False)

    return draw(plot)


def precision_curves(runs: Mapping[str, ProgressiveRun]) -> str:
    """Precision by recall over the whole run."""

    def plot(axes: Axes) -> None:
        for name, run in runs.items():
            recall, precision = precision_by_recall(run.scores, run.labels)
            axes.plot(recall, precision, label=name)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        axes.set_ylim(0.5, 1.01)
        axes.legend(frameon=False)

    return draw(plot)


def calibration(runs: Mapping[str, ProgressiveRun]) -> str:
    """Share that was bad by tenths of the score."""

    def plot(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
        for name, run in runs.items():
            means, shares = _tenths(run.scores, run.labels)
            axes.plot(means, shares, marker="o", label=name)
        axes.set_xlabel("mean score")
        axes.set_ylabel("share that was bad")
        axes.legend(frameon=False)

    return draw(plot)


def _tenths(scores: Sequence[float], labels: Sequence[bool]) -> tuple[list[float], list[float]]:
    score, bad = np.asarray(scores), np.asarray(labels, dtype=float)
    which = np.minimum((score * TENTHS).astype(int), TENTHS - 1)
    known = sorted(set(which.tolist()))
    return [float(score[which == at].mean()) for at in known], [float(bad[which == at].mean()) for at in known]
