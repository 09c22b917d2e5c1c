"""Step `baseline`: scores the newest examples by the share of abuse among the training examples."""

from __future__ import annotations

from collections.abc import Mapping

from models.families.baseline import PriorRate
from streams.workflow.steps.files import read_rows, run_step, write_rows
from streams.workflow.steps.train import SCORES


def main(arguments: Mapping[str, str]) -> None:
    """Writes the baseline's scores."""
    prior = PriorRate()
    for row in read_rows(arguments["training"], ("bad", "weight")):
        prior.learn_one({}, bad=row["bad"], weight=row["weight"])
    newest = read_rows(arguments["holdout"], ("example_id",))
    scores = [{"example_id": row["example_id"], "score": prior.predict_one({})} for row in newest]
    write_rows(arguments["baseline-scores"], scores, SCORES)


if __name__ == "__main__":
    run_step(main, ("training", "holdout", "baseline-scores"))
