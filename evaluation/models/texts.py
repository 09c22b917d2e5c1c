"""SMS messages as posts, HTTP parameters as queries: the model alone, and with the patterns before it."""

from __future__ import annotations

from pathlib import Path

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.data import messages, parameters
from evaluation.models.plots import calibration, learning_curves, precision_curves
from evaluation.models.progressive import ProgressiveRun, progressive
from evaluation.models.sessions import CaseFeatures, posts, searches
from models.families.registry import FAMILIES

DEFAULT = "pooled-ensemble"
MESSAGES_RATE, PARAMETERS_RATE = 0.005, 0.001
MOST_FOR_FAMILIES = 4_000
_FAMILIES = (
    DEFAULT,
    "blended-logistic",
    "hashed-logistic",
    "text-bayes",
    "hoeffding-tree",
    "adaptive-forest",
    "half-space-trees",
    "stack",
)


def evaluate(data: Path) -> EvaluationResult:
    """Both sets, in one seeded order; each case is predicted before it is learned."""
    sms, http = posts(messages(data)), searches(parameters(data))
    runs = {"SMS": progressive(FAMILIES[DEFAULT](), sms), "HTTP parameters": progressive(FAMILIES[DEFAULT](), http)}
    return EvaluationResult(
        title="Texts, one by one",
        text=(
            f"{len(sms):,} distinct SMS messages, each the one post of a visitor, and {len(http):,} distinct HTTP "
            "parameters, each in the one URL of a visitor, in an order that a seed decides. Figures are over the whole "
            "run, its first example included."
        ),
        figures=[
            Figure("SMS: AUC", runs["SMS"].quality.auc, 0.992),
            Figure("SMS: recall at 0.5 % false positives", runs["SMS"].recall(MESSAGES_RATE), 0.93),
            Figure(
                "HTTP parameters: AUC of the model alone",
                runs["HTTP parameters"].quality.auc,
                0.9999,
                places=5,
                why=_beginning(runs["HTTP parameters"]),
            ),
            Figure(
                "HTTP parameters: recall of patterns and model at 0.1 % false positives",
                runs["HTTP parameters"].cascade_recall(PARAMETERS_RATE),
                0.998,
            ),
        ],
        tables=[_table(runs), _families(sms, http)],
        plots=[
            ("texts-learning", learning_curves(runs, MESSAGES_RATE)),
            ("texts-precision", precision_curves(runs)),
            ("texts-calibration", calibration(runs)),
        ],
    )


def _beginning(run: ProgressiveRun) -> str:
    later = [(first, run.since(first).quality.auc) for first in (500, 1_000, 2_000)]
    told = ", ".join(f"{auc:.5f} without the first {first:,}" for first, auc in later)
    return f"The whole run is counted, and its beginning is predicted by a model that knows nothing yet: {told}."


def _table(runs: dict[str, ProgressiveRun]) -> ResultTable:
    rows = []
    for name, run in runs.items():
        quality = run.quality
        rows.append(
            [
                name,
                f"{quality.auc:.5f}",
                f"{quality.average_precision:.4f}",
                f"{run.recall(MESSAGES_RATE):.4f}",
                f"{run.recall(PARAMETERS_RATE):.4f}",
                f"{quality.log_loss:.4f}",
                f"{quality.calibration_error:.4f}",
            ]
        )
    columns = ["set", "AUC", "average precision", "recall at 0.5 %", "recall at 0.1 %", "log loss", "calibration error"]
    return ResultTable("The default model alone", columns, rows)


def _families(sms: list[CaseFeatures], http: list[CaseFeatures]) -> ResultTable:
    """Every family on the first cases of both sets."""
    rows = []
    for family in _FAMILIES:
        row = [family]
        for cases in (sms, http):
            run = progressive(FAMILIES[family](), cases[:MOST_FOR_FAMILIES])
            quality = run.quality
            each = len(run.scores)
            row += [
                f"{quality.auc:.4f}",
                f"{run.recall(MESSAGES_RATE):.3f}",
                f"{quality.log_loss:.3f}",
                f"{1e6 * run.predict_s / each:.0f} / {1e6 * run.learn_s / each:.0f}",
            ]
        rows.append(row)
    columns = ["family"]
    for name in ("SMS", "HTTP"):
        columns += [f"{name}: AUC", "recall at 0.5 %", "log loss", "µs to predict / learn"]
    return ResultTable(f"Every family on the first {MOST_FOR_FAMILIES:,} of each", columns, rows)
