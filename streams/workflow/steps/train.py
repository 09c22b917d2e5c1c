"""Step `train`: trains a family of models on the training examples in order, and scores the newest examples.

Another program can replace this step. It must read `training` and `holdout`, and write `scores` (`example_id`, and
`score` from 0 to 1) and `model`: any JSON object, but only a model of a family of `models/` can be published.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from models.families.declared import load_model
from models.families.registry import FAMILIES
from models.features.registry import FEATURES_VERSION
from models.serving.snapshot import payload_of
from streams.workflow.steps.features import HOLDOUT, TRAINING
from streams.workflow.steps.files import features_of, read_rows, run_step, write_json, write_rows
from weir.errors import UsageError

SCORES = pa.schema([("example_id", pa.string()), ("score", pa.float64())])


def main(arguments: Mapping[str, str]) -> None:
    """Writes model and scores.

    Raises:
        UsageError: The family doesn't exist.
        SettingsError: The declared model is invalid.
    """
    declared = load_model(Path(arguments["model-file"]) if "model-file" in arguments else None)
    family = arguments.get("family", declared.family)
    if family not in FAMILIES:
        raise UsageError(f"There is no family of models named {family}.", f"Families: {', '.join(sorted(FAMILIES))}.")
    model = FAMILIES[family](**declared.hyper_parameters if family == declared.family else {})
    examples = read_rows(arguments["training"], TRAINING.names)
    for row in examples:
        model.learn_one(features_of(row), bad=row["bad"], weight=row["weight"])
    newest = read_rows(arguments["holdout"], HOLDOUT.names)
    scores = [{"example_id": row["example_id"], "score": model.predict_one(features_of(row))} for row in newest]
    write_rows(arguments["scores"], scores, SCORES)
    people = sum(row["people"] for row in examples)
    fields = {
        "family": model.family,
        "hyper_parameters": model.hyper_parameters,
        "payload": payload_of(model),
        "features_version": FEATURES_VERSION,
        "examples": len(examples),
        "learned_from": "weak" if not people else "people" if people == len(examples) else "both",
        "trained_to_offset": 1 + max(row["offset"] for row in examples),
    }
    write_json(arguments["model"], fields)


if __name__ == "__main__":
    run_step(main, ("training", "holdout", "model", "scores"), ("family", "model-file"))
