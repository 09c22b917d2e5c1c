"""The candidate of a workflow, and its record for the models topic."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.serving.snapshot import record_key, sign
from weir.contracts.fast import encode
from weir.contracts.model_record import Snapshot
from weir.errors import SettingsError, UsageError, WorkError
from weir.kafka.records import Output
from weir.topics import MODELS


class Candidate(BaseModel):
    """A trained model with the gate's decision."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    passed: bool
    why: str
    figures: dict[str, float]
    snapshot: Snapshot | None
    """None if the model is of no family of `models/`, so that workers can't load it."""


def read_candidate(path: Path) -> Candidate:
    """The candidate in a file.

    Raises:
        UsageError: The file can't be read, or is not a candidate.
    """
    try:
        return Candidate.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        detail = " ".join(str(error).split())
        raise UsageError(f"{path} is not a candidate: {detail}.", "The step `publish` writes candidates.") from error


def signed_record(candidate: Candidate, key: bytes | None) -> tuple[str, Output]:
    """The version's name and its signed record.

    Raises:
        WorkError: The gate refused the candidate, or workers can't load its model.
        SettingsError: There is no key.
    """
    if not candidate.passed:
        raise WorkError(f"The gate refuses the candidate: {candidate.why.rstrip('.')}.", "Nothing was published.")
    if candidate.snapshot is None:
        raise WorkError(
            "The candidate's model is of no family of models/, so workers can't load it.",
            "Train a family of models/, or serve the model elsewhere.",
        )
    if key is None:
        raise SettingsError("There is no key to sign the candidate with.", "Set WEIR_MODEL_KEY, as the workers have.")
    record = sign(candidate.snapshot, key)
    return record.version, Output(MODELS, record_key(record).encode(), encode(record))
