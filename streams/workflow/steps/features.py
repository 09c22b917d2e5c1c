"""Step `features`: splits examples by time into training examples and newest examples, whose labels go to another file.

The training program gets no labels of the newest examples, so that its scores of them can be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from models.features.registry import FEATURES_VERSION
from streams.workflow.steps.files import FEATURES, Rows, read_rows, run_step, write_rows
from weir.contracts.label import is_weak
from weir.errors import UsageError

SHARE = 0.3
"""Share of the examples, the newest, on which the model is measured."""
_ID = pa.field("example_id", pa.string())
TRAINING = pa.schema(
    [_ID, *FEATURES, ("bad", pa.bool_()), ("people", pa.bool_()), ("weight", pa.float64()), ("offset", pa.int64())]
)
HOLDOUT = pa.schema([_ID, *FEATURES])
ANSWERS = pa.schema(
    [
        _ID,
        ("bad", pa.bool_()),
        ("people", pa.bool_()),
        ("champion", pa.float64()),
        ("segment", pa.string()),
        ("labelled_at", pa.float64()),
    ]
)
_READ = (
    "example_id", "session_id", "features", "feature_texts", "features_version", "label", "source", "weight", "score",
    "labelled_at", "kafka_offset",
)  # fmt: skip


def main(arguments: Mapping[str, str]) -> None:
    """Writes the three files.

    Raises:
        UsageError: Too few examples have features of this version.
    """
    known = [row for row in read_rows(arguments["examples"], _READ) if row["features_version"] == FEATURES_VERSION]
    # The sort is stable, so examples with equal times stay in the topic's order.
    known.sort(key=lambda row: row["labelled_at"])
    newest = known[len(known) - int(SHARE * len(known)) :]
    # A session with several labels must not be in both parts, or its label would be known in training.
    measured = {row["session_id"] for row in newest}
    earlier = [row for row in known[: len(known) - len(newest)] if row["session_id"] not in measured]
    if not newest or not earlier:
        raise UsageError(
            f"Of the examples, {len(known)} have features of version {FEATURES_VERSION}: too few to split.",
            "Wait for more labels.",
        )
    write_rows(arguments["training"], [_example(row) for row in earlier], TRAINING)
    write_rows(arguments["holdout"], [{name: row[name] for name in HOLDOUT.names} for row in newest], HOLDOUT)
    write_rows(arguments["answers"], _answers(newest), ANSWERS)


def _example(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: row[name] for name in ("example_id", "features", "feature_texts", "weight")}
    return fields | {
        "bad": row["label"] == "bad",
        "people": not is_weak(row["source"]),
        "offset": row["kafka_offset"],
    }


def _answers(rows: Rows) -> Rows:
    return [
        {
            "example_id": row["example_id"],
            "bad": row["label"] == "bad",
            "people": not is_weak(row["source"]),
            "champion": row["score"],
            "segment": dict(row["feature_texts"]).get("user_agent_family", ""),
            "labelled_at": row["labelled_at"].timestamp(),
        }
        for row in rows
    ]


if __name__ == "__main__":
    run_step(main, ("examples", "training", "holdout", "answers"))
