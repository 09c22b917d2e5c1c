"""Snapshots of models, and who decided what about them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Carried, Count, EpochSeconds, Record, Share


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

    kind: Literal["promotion", "rollback", "refusal", "shadow", "share", "withdrawal"]
    """`shadow`, `share`, `promotion`: the stages of a version that passed the gate; `withdrawal`: it didn't hold."""
    number: Count
    id: str
    version: str
    """Empty: a champion was taken back that had replaced nobody, so that no model scores."""
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
    """Empty: none does."""
    decision: Count
    signature: str


class Trial(Record):
    """Which version is on its way to be champion. Key `trial`. Void once a champion was decided on later."""

    kind: Literal["trial"] = "trial"
    id: str
    version: str | None
    """None: none is any longer."""
    share: Share
    """Of the visitors, those for whom it scores; 0: for none, it is in shadow."""
    decision: Count
    signature: str


ModelRecord = Annotated[Snapshot | Decision | Champion | Trial, Field(discriminator="kind")]
