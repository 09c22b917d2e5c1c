"""Step `publish`: writes the candidate: the gate's decision, and the model as a record of the models topic.

The record is not signed: `weir workflow publish` signs it and writes it to Kafka.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from models.families.registry import FAMILIES
from models.gate.thresholds import thresholds
from models.serving.snapshot import MODEL_ID, RETRAINED, model_of
from models.training.config import TrainerConfig
from streams.workflow.steps.evaluate import JUDGED
from streams.workflow.steps.files import Rows, read_json, read_rows, run_step, write_json
from weir.contracts.model_record import Snapshot
from weir.errors import UsageError


def main(arguments: Mapping[str, str]) -> None:
    """Writes the candidate.

    Raises:
        UsageError: The model has a family of `models/`, but lacks a required field.
        SnapshotError: The model's payload can't be read.
    """
    model, decision = read_json(arguments["model"]), read_json(arguments["decision"])
    rows = read_rows(arguments["judged"], JUDGED.names)
    rate = float(arguments.get("model-false-positive-rate", TrainerConfig().false_positive_rate))
    outcome: dict[str, Any] = {name: decision[name] for name in ("passed", "why", "figures")}
    outcome["snapshot"] = None
    if model.get("family") in FAMILIES:
        outcome["snapshot"] = _snapshot(model, decision, rows, rate).model_dump()
    write_json(arguments["candidate"], outcome)


def _snapshot(model: Mapping[str, Any], decision: Mapping[str, Any], rows: Rows, rate: float) -> Snapshot:
    people = [row for row in rows if row["people"]]
    chosen = thresholds(
        [row["candidate"] for row in people if not row["bad"]],
        [row["candidate"] for row in people if row["bad"]],
        rate,
    )
    try:
        # The prefix and the hash make the name differ from the learner's versions, which are named by offsets.
        digest = hashlib.sha256(model["payload"].encode()).hexdigest()[:12]
        snapshot = Snapshot(
            **model,
            id=MODEL_ID,
            version=f"{RETRAINED}{model['trained_to_offset']}-{digest}",
            figures=decision["figures"] | chosen.figures(),
            created_at=max(row["labelled_at"] for row in rows),
            block_from=chosen.block_from,
            review_from=chosen.review_from,
            signature="",
        )
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        outcome = " ".join(str(error).split())
        raise UsageError(
            f"The model has a family, but lacks a required field: {outcome}.", "See docs/workflow.md."
        ) from error
    model_of(snapshot)
    return snapshot


if __name__ == "__main__":
    run_step(main, ("model", "decision", "judged", "candidate"), ("model-false-positive-rate",))
