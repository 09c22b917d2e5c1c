"""Snapshots of models, and the decisions about them."""

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
    """The implementation that reads the payload."""
    hyper_parameters: dict[str, Carried]
    """The family's parameters by name."""
    features_version: str
    """Version of the features that the model was trained on."""
    trained_to_offset: Count
    """Next offset of the training topic."""
    examples: Count
    """Examples learned."""
    learned_from: Literal["people", "weak", "both"]
    """Sources of the labels that the model has learned."""
    figures: dict[str, float]
    """Quality on the newest window when the snapshot was taken."""
    created_at: EpochSeconds
    """When the snapshot was taken: UTC seconds since the epoch."""
    block_from: Share | None = None
    """Score from which the model blocks; None: it blocks no visitor, as benign labels are too few to bound the rate."""
    review_from: Share | None = None
    """Score from which the verdict is `review`; None: an older snapshot, without thresholds."""
    draft: bool = False
    """Whether it is a recorded copy of the learner that no decision has used; the next draft replaces it."""
    payload: str
    """The family's own encoding, base64."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Decision(Record):
    """A version's promotion, rollback or refusal, with its author and reason. Key `decision/<number>`."""

    kind: Literal["promotion", "refresh", "rollback", "refusal", "shadow", "share", "withdrawal"]
    """`refresh`: the learner replaces the champion, which is its own earlier state. `shadow`, `share`, `promotion`: the
    stages of a version that passed the gate; `withdrawal`: the version failed in one of these stages."""
    number: Count
    """Counts the decisions, from 0."""
    id: str
    """Id of the model."""
    version: str
    """Empty: the first champion was rolled back, so that no model scores."""
    previous_version: str | None
    """The champion before the decision; None: there was none."""
    decided_by: str
    """`gate`, or a person's name."""
    why: str
    """The reason, as a sentence for a person."""
    figures: dict[str, float]
    """Figures behind the decision, by name."""
    decided_at: EpochSeconds
    """Time of the decision: UTC seconds since the epoch."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Champion(Record):
    """The version that scores now. Key `champion`."""

    kind: Literal["champion"] = "champion"
    """Distinguishes this record from the topic's others."""
    id: str
    """Id of the model."""
    version: str
    """Empty: no version scores."""
    decision: Count
    """Number of the decision that this record follows from."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


class Trial(Record):
    """The version in its rollout, the challenger. Key `trial`. A later decision on the champion makes it void."""

    kind: Literal["trial"] = "trial"
    """Distinguishes this record from the topic's others."""
    id: str
    """Id of the model."""
    version: str | None
    """None: no version is in its rollout."""
    share: Share
    """Share of the visitors that the version scores for; 0: it is in shadow."""
    decision: Count
    """Number of the decision that this record follows from."""
    signature: str
    """HMAC-SHA256, hexadecimal, over the canonical JSON of all other fields."""


ModelRecord = Annotated[Snapshot | Decision | Champion | Trial, Field(discriminator="kind")]
