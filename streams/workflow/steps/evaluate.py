"""Step `evaluate`: joins the labels with the scores of candidate, champion and baseline, and measures each model."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from models.gate.quality import measure
from streams.workflow.steps.features import ANSWERS
from streams.workflow.steps.files import read_rows, run_step, write_json, write_rows
from weir.errors import UsageError

JUDGED = pa.schema([*ANSWERS, ("candidate", pa.float64()), ("baseline", pa.float64())])


def main(arguments: Mapping[str, str]) -> None:
    """Writes the labelled scores and the figures.

    Raises:
        UsageError: One of the newest examples has no score, several scores, or a score outside 0 to 1.
    """
    answers = read_rows(arguments["answers"], ANSWERS.names)
    ids = [row["example_id"] for row in answers]
    candidate = _scores(arguments["scores"], ids)
    baseline = _scores(arguments["baseline-scores"], ids)
    rows = [
        row | {"candidate": candidate[row["example_id"]], "baseline": baseline[row["example_id"]]} for row in answers
    ]
    labels = [row["bad"] for row in rows]
    figures = measure([row["candidate"] for row in rows], labels).figures("candidate")
    figures |= measure([row["baseline"] for row in rows], labels).figures("baseline")
    scored = [row for row in rows if row["champion"] is not None]
    if scored:
        by_champion = measure([row["champion"] for row in scored], [row["bad"] for row in scored])
        figures |= by_champion.figures("champion")
    write_rows(arguments["judged"], rows, JUDGED)
    write_json(arguments["figures"], figures)


def _scores(path: str, ids: list[str]) -> dict[str, float]:
    rows = read_rows(path, ("example_id", "score"))
    found = {row["example_id"]: row["score"] for row in rows}
    if len(found) != len(rows) or set(found) != set(ids):
        raise UsageError(
            f"{path} must have one score for each of the newest examples.", "Write one score for each row of holdout."
        )
    wrong = [one for one, score in found.items() if score is None or not 0.0 <= score <= 1.0]
    if wrong:
        raise UsageError(f"{path} has a score of {found[wrong[0]]} for {wrong[0]}.", "Write scores from 0 to 1.")
    return found


if __name__ == "__main__":
    run_step(main, ("answers", "scores", "baseline-scores", "judged", "figures"))
