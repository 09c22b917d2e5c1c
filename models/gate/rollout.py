"""From the gate to all traffic: shadow first, then a share of the visitors, then all; and the rollback.

The gate has shown that a candidate is better on labels that were there already. A rollout asks for no second proof: it
checks whether the labels that come from then on contradict the first one, for the model frozen as it was evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from models.families.base import Features, Model
from models.gate.bounds import MOST_EVIDENCE, Judged
from models.gate.evidence import Evidence, squared_error
from models.serving.snapshot import model_of
from weir.contracts.model_record import Snapshot

Step = Literal["share", "promotion", "withdrawal", "rollback"]
PATIENCE = 10
"""A challenger that does not lead after so many times the labels of a stage is withdrawn."""
_STARTS_AFTER = 2
"""Evidence against the champion is started anew after so many times the labels of a stage."""


@dataclass(frozen=True, slots=True)
class FrozenVersion:
    """A version that learns no more, with the record that it came in."""

    snapshot: Snapshot
    model: Model

    @classmethod
    def of(cls, snapshot: Snapshot) -> FrozenVersion:
        """The version in a snapshot.

        Raises:
            SnapshotError: it can't be read here.
        """
        return cls(snapshot, model_of(snapshot))


class Comparison(msgspec.Struct, rename={"labels": "answers"}):
    """How one version does against a rival, on the labels since it was begun."""

    by_people: bool
    """Whether human labels alone count, as they did at the gate."""
    labels: int = 0
    lead: float = 0.0
    """Sum of the rival's squared errors, less the version's own."""
    against: Evidence = msgspec.field(default_factory=Evidence)
    """Evidence that the rival is better."""

    def add(self, score: float, rival: float, judged: Judged) -> None:
        """Takes a label, unless it is one that does not count."""
        if self.by_people and not judged.people:
            return
        lead = squared_error(rival, bad=judged.bad) - squared_error(score, bad=judged.bad)
        self.labels += 1
        self.lead += lead
        self.against.add(-lead)


class RolloutStage(msgspec.Struct, rename={"comparison": "stretch"}):
    """Where a challenger is, and how it does against the champion there."""

    stage: Literal["shadow", "share"]
    comparison: Comparison


class Rollout:
    """Compares the challenger with the champion, and the champion with the version that it replaced.

    Args:
        labels: Labels that each stage takes, at least; 0: there are no rollouts, and nothing is rolled back.
        e_value: Evidence against a version from which it is withdrawn or rolled back, see `models.gate.evidence`.
    """

    def __init__(self, labels: int, e_value: float) -> None:
        self._labels = labels
        self._e_value = e_value
        self.challenger: FrozenVersion | None = None
        self.previous: FrozenVersion | None = None
        """The version that the champion replaced, and that a rollback returns to."""
        self.stage: RolloutStage | None = None
        self.tenure: Comparison | None = None
        """The champion against the previous version; a first champion against the naive baseline."""

    @property
    def is_on(self) -> bool:
        """Whether candidates that pass the gate go through stages."""
        return self._labels > 0

    def begin(self, challenger: FrozenVersion, *, by_people: bool) -> None:
        """Puts a version that passed the gate into shadow."""
        self.challenger = challenger
        self.stage = RolloutStage("shadow", Comparison(by_people))

    def observe(self, judged: Judged, features: Features) -> None:
        """Takes a label that came after the gate's decision, with the scores of each frozen version."""
        if not self.is_on:
            return
        champion = judged.baseline if judged.champion is None else judged.champion
        if self.stage is not None and judged.challenger is not None:
            self.stage.comparison.add(judged.challenger, champion, judged)
        tenure = self.tenure
        if tenure is not None:
            known = tenure.labels
            previous = self.previous.model.predict_one(features) if self.previous is not None else judged.baseline
            tenure.add(champion, previous, judged)
            if tenure.labels > known and tenure.labels % (_STARTS_AFTER * self._labels) == 0:
                # Processes that ran while the champion led have lost their wealth; a new start sees a fall sooner.
                tenure.against.start()

    def due(self) -> Step | None:
        """The step that the labels so far call for.

        Once rollouts are turned off, a challenger scores for all, and nothing is rolled back.
        """
        if not self.is_on:
            return "promotion" if self.stage is not None else None
        if self.stage is not None:
            comparison = self.stage.comparison
            if comparison.against.e_value >= self._e_value or comparison.labels >= PATIENCE * self._labels:
                return "withdrawal"
            if comparison.labels >= self._labels and comparison.lead >= 0.0:
                return "share" if self.stage.stage == "shadow" else "promotion"
        if self.tenure is not None and self.tenure.against.e_value >= self._e_value:
            return "rollback"
        return None

    def begin_share(self) -> None:
        """The challenger scores for a share of the visitors from here on."""
        if self.stage is not None:
            self.stage = RolloutStage("share", Comparison(self.stage.comparison.by_people))

    def promote(self, champion: FrozenVersion | None) -> None:
        """The challenger replaces the champion, which is kept for a rollback if there was one."""
        by_people = self.stage.comparison.by_people if self.stage is not None else True
        self.end_stage()
        self.previous = champion
        self.tenure = Comparison(by_people)

    def refresh(self, champion: FrozenVersion | None, enough: int, *, by_people: bool) -> None:
        """Continues a tenure with a newer version of the champion; the previous one stays until enough labels came."""
        if self.is_on and (self.tenure is None or self.tenure.labels >= enough):
            self.previous = champion
            self.tenure = Comparison(self.tenure.by_people if self.tenure is not None else by_people)

    def begin_first_tenure(self, *, by_people: bool) -> None:
        """A first champion: it replaces no version, and a rollback leaves none."""
        self.end()
        if self.is_on:
            self.tenure = Comparison(by_people)

    def end_stage(self) -> None:
        """There is no challenger any longer."""
        self.challenger = self.stage = None

    def end(self) -> None:
        """There is neither a challenger nor a version to return to."""
        self.end_stage()
        self.previous = self.tenure = None

    def figures(self, step: Step) -> dict[str, float]:
        """What a step rests on."""
        comparison = self.tenure if step == "rollback" else self.stage.comparison if self.stage is not None else None
        if comparison is None:
            return {}
        return {
            "answers": float(comparison.labels),
            "mean_lead": comparison.lead / max(comparison.labels, 1),
            "evidence_against": min(comparison.against.e_value, MOST_EVIDENCE),
        }

    def why(self, step: Step) -> str:
        """The same as a sentence."""
        figures = self.figures(step)
        labels, against = int(figures.get("answers", 0)), figures.get("evidence_against", 0.0)
        by_chance = f"by chance it would look so at most once in {against:.0f} times"
        if step == "rollback":
            rival = "the version before" if self.previous is not None else "the naive baseline"
            return f"On {labels} labels since its promotion, {rival} would have erred less; {by_chance}."
        stage = self.stage.stage if self.stage is not None else "shadow"
        where = "in shadow" if stage == "shadow" else "with a share of the visitors"
        if step == "withdrawal":
            if against < self._e_value:
                return f"On {labels} labels {where} it was never ahead for long: it is withdrawn."
            return f"On {labels} labels {where} it errs more than the champion; {by_chance}."
        gain = figures.get("mean_lead", 0.0)
        return f"On {labels} labels {where} it is ahead: squared error lower by {gain:.4f} each."
