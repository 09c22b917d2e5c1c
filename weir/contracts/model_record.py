"""Snapshots of models, and who decided what about them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Carried, Count, EpochSeconds, Record, Share


class Snapshot(Record):
    """A model as trained up to an offset. Topic `weir.models`, key `<id>/<version>`, of a draft `<id>/draft`."""

    kind: Literal["snapshot"] = "snapshot"
    """Distinguishes this record from the topic's others."""
    id: str
    """Id of the model."""
    version: str
    """Version of the model."""
    family: str
    """Which implementation reads the payload."""
    hyper_parameters: dict[str, Carried]
    """The family's parameters by name."""
    features_version: str
    """Version of the features that the model was trained on."""
    trained_to_offset: Count
    """Next offset of the training topic."""
    examples: Count
    """Examples learned."""
    learned_from: Literal["people", "weak", "both"]
    """Whose labels it has learned."""
    figures: dict[str, float]
    """Quality on the newest window when the snapshot was taken."""
    created_at: EpochSeconds
    """When the snapshot was taken: UTC seconds since the epoch."""
    block_from: Share | None = None
    """Score from which it blocks; None: it blocks no visitor, since benign labels are too few to promise a rate."""
    review_from: Share | None = None
    """Score from which it asks a person; None: a snapshot of before there were thresholds."""
    draft: bool = False
    """The learner as it is, for the record alone: no decision has taken it, and the next one takes its key."""
    payload: str
    """The family's own encoding, base64."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Decision(Record):
    """A version's promotion, its rollback or a refusal, with who decided it and why. Key `decision/<number>`."""

    kind: Literal["promotion", "refresh", "rollback", "refusal", "shadow", "share", "withdrawal"]
    """`refresh`: the learner, further along, takes its place. `shadow`, `share`, `promotion`: the stages of a
    version that passed the gate; `withdrawal`: it didn't hold."""
    number: Count
    """Counts the decisions, from 0."""
    id: str
    """Id of the model."""
    version: str
    """Empty: a champion was taken back that had replaced no version, so that no model scores."""
    previous_version: str | None
    """Version that was champion until then; None: no version was."""
    decided_by: str
    """`gate`, or a person's name."""
    why: str
    """The reason, as a sentence for a person."""
    figures: dict[str, float]
    """Figures that the decision rests on, by name."""
    decided_at: EpochSeconds
    """When it was decided: UTC seconds since the epoch."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Champion(Record):
    """Which version scores now. Key `champion`."""

    kind: Literal["champion"] = "champion"
    """Distinguishes this record from the topic's others."""
    id: str
    """Id of the model."""
    version: str
    """Empty: none does."""
    decision: Count
    """Number of the decision that this record follows from."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Trial(Record):
    """Which version is on its way to be champion. Key `trial`. Void once a champion was decided on later."""

    kind: Literal["trial"] = "trial"
    """Distinguishes this record from the topic's others."""
    id: str
    """Id of the model."""
    version: str | None
    """None: none is any longer."""
    share: Share
    """Share of the visitors that it scores for; 0: none, it is in shadow."""
    decision: Count
    """Number of the decision that this record follows from."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


ModelRecord = Annotated[Snapshot | Decision | Champion | Trial, Field(discriminator="kind")]
