"""What a trainer remembers beside its models."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.gate.bounds import Judged
from models.gate.evidence import Evidence
from models.gate.refresh import Published
from models.gate.rollout import Comparison, RolloutStage
from models.labels.trust import Trust

LearnedFrom = Literal["people", "weak", "both"]
_NAMES_ON_DISK = {
    "since_evaluation": "since_meeting",
    "since_promotion": "since_crowned",
    "rollout": "trial",
    "tenure": "reign",
    "is_informative": "tells",
}
"""Fields that states on disk know by older names."""


class TrainerState(msgspec.Struct, rename=_NAMES_ON_DISK):
    """What a trainer remembers beside its models."""

    examples: int = 0
    people: int = 0
    """Examples with a human label."""
    weak: int = 0
    """Examples with a weak label."""
    since_evaluation: int = 0
    """Examples since the gate last evaluated the learner."""
    trained_to: int = 0
    """Next offset of the training topic."""
    next_decision: int = 0
    refusals: list[int] = []
    """Numbers of the refusals that are on record, oldest first."""
    champion: tuple[str, str, LearnedFrom, int] | None = None
    """Id, version, whose labels it learned, number of the decision."""
    vacant_since: int = -1
    """Number of the decision that took the last first champion back."""
    window: list[Judged] = []
    sampled: list[tuple[str, bool, bool]] = []
    """Human labels of the random sample: session, whether it was flagged, whether it was bad; oldest first."""
    benign_scores: list[float] = []
    """The learner's scores of the newest sessions that people labelled good, each from before it learned the label."""
    bad_scores: list[float] = []
    """The same of those that people labelled bad."""
    trust: Trust = msgspec.field(default_factory=Trust)
    by_people: Evidence = msgspec.field(default_factory=Evidence)
    """Evidence by human labels that the learner is better than the champion, or than the baseline without one."""
    by_all: Evidence = msgspec.field(default_factory=Evidence)
    """The same by all labels."""
    rollout: RolloutStage | None = None
    tenure: Comparison | None = None
    is_informative: bool = False
    """Whether any label so far can teach a model something: a human one, or weak ones of both kinds."""
    first_label: str | None = None
    is_in_line: bool = False
    """Whether the champion is an earlier state of the learner: only then may the learner refresh it."""
    may_resume: bool = False
    """Whether a rollback took newer versions of the learner back: the learner may refresh again once it is no worse."""
    since_promotion: int = 0
    """Examples since the champion was promoted or refreshed."""
    since_doubt: int = 1_000_000
    """Examples since labels contradicted the champion on both sides."""
    since_published: int = 0
    """Examples since the learner was published, as champion, challenger or draft."""
    published_at: float = 0.0
    refreshes: list[Published] = []
    """Refreshes in the topic, oldest first."""
    retrained: list[str] = []
    """Versions that workflows trained and that were decided on, oldest first."""

    @property
    def learned_from(self) -> LearnedFrom:
        """Whose labels were learned."""
        return "both" if self.people and self.weak else "people" if self.people else "weak"
