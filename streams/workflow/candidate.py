"""The candidate that a workflow made, and the record of the models topic that it becomes."""

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
    """None: a program of another kind has trained it, and no worker could read it."""


def read_candidate(path: Path) -> Candidate:
    """The candidate in a file.

    Raises:
        UsageError: it can't be read, or is none.
    """
    try:
        return Candidate.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        detail = " ".join(str(error).split())
        raise UsageError(f"{path} is no candidate: {detail}.", "A run's step `publish` writes one.") from error


def signed_record(candidate: Candidate, key: bytes | None) -> tuple[str, Output]:
    """The version's name, and its record.

    Raises:
        WorkError: the gate refused it, or it is of no family of models.
        SettingsError: there is no key.
    """
    if not candidate.passed:
        raise WorkError(f"The gate refuses the candidate: {candidate.why.rstrip('.')}.", "Nothing was published.")
    if candidate.snapshot is None:
        raise WorkError(
            "The candidate is of no family that workers can read.", "Train a family of models/, or serve it elsewhere."
        )
    if key is None:
        raise SettingsError("There is no key to sign the candidate with.", "Set WEIR_MODEL_KEY, as the workers have.")
    record = sign(candidate.snapshot, key)
    return record.version, Output(MODELS, record_key(record).encode(), encode(record))
