"""Snapshots of models, and who decided what about them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Carried, Count, EpochSeconds, Record


class Snapshot(Record):
    """A model as trained up to an offset. Topic `weir.models`, key `<id>/<version>`."""

    kind: Literal["snapshot"] = "snapshot"
    id: str
    version: str
    family: str
    """Which implementation reads the payload."""
    hyper_parameters: dict[str, Carried]
    features_version: str
    trained_to_offset: Count
    """Next offset of the training topic."""
    examples: Count
    learned_from: Literal["people", "weak", "both"]
    """Whose labels it has learned."""
    figures: dict[str, float]
    """Quality on the newest window when the snapshot was taken."""
    created_at: EpochSeconds
    payload: str
    """The family's own encoding, base64."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Decision(Record):
    """Who or what made a version champion, or took it back, and why. Key `decision/<number>`."""

    kind: Literal["promotion", "rollback", "refusal"]
    number: Count
    id: str
    version: str
    previous_version: str | None
    decided_by: str
    """`gate`, or a person's name."""
    why: str
    figures: dict[str, float]
    decided_at: EpochSeconds
    signature: str


class Champion(Record):
    """Which version scores now. Key `champion`."""

    kind: Literal["champion"] = "champion"
    id: str
    version: str
    decision: Count
    signature: str


ModelRecord = Annotated[Snapshot | Decision | Champion, Field(discriminator="kind")]
