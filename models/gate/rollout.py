"""From the gate to all traffic: in shadow first, then for a share of the visitors, then for all; and back by itself.

The gate has proved that a candidate is better on labels that are there already. A rollout asks for no second proof; it
looks whether the answers that come from then on contradict the first one, on the model frozen as it was proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from models.families.base import Features, Model
from models.gate.evaluation import MOST_EVIDENCE, Judged
from models.gate.evidence import Evidence, squared_error
from models.serving.snapshot import model_of
from weir.contracts.model_record import Snapshot

Step = Literal["share", "promotion", "withdrawal", "rollback"]
PATIENCE = 10
"""A trial that still doesn't lead after so many times the answers of a stage is given up."""
_ANEW = 2
"""Evidence against the champion begins anew after so many times the answers of a stage, beside the older."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version, frozen, with the record that it came in."""

    snapshot: Snapshot
    model: Model

    @classmethod
    def of(cls, snapshot: Snapshot) -> Held:
        """The version in a snapshot."""
        return cls(snapshot, model_of(snapshot))


class Stretch(msgspec.Struct):
    """How one version does against another, on the answers since a moment."""

    by_people: bool
    """Whether people's answers alone judge, as they did at the gate."""
    answers: int = 0
    lead: float = 0.0
    """Sum of the rival's squared errors, less its own."""
    against: Evidence = msgspec.field(default_factory=Evidence)
    """That the rival is better."""

    def add(self, score: float, rival: float, judged: Judged) -> None:
        """Takes an answer, unless it is one that doesn't judge."""
        if self.by_people and not judged.people:
            return
        lead = squared_error(rival, bad=judged.bad) - squared_error(score, bad=judged.bad)
        self.answers += 1
        self.lead += lead
        self.against.add(-lead)


class Trial(msgspec.Struct):
    """A challenger on its way."""

    stage: Literal["shadow", "share"]
    stretch: Stretch


class Rollout:
    """Watches the challenger against the champion, and the champion against the one that it replaced.

    Args:
        answers: That each stage of a trial takes, at least; 0: there are no trials, and nothing is taken back.
        fortune: Evidence against a version that ends its trial or its reign, see `models.gate.evidence`.
    """

    def __init__(self, answers: int, fortune: float) -> None:
        self._answers = answers
        self._fortune = fortune
        self.challenger: Held | None = None
        self.previous: Held | None = None
        """Whom the champion replaced: the one to go back to, if any."""
        self.trial: Trial | None = None
        self.reign: Stretch | None = None
        """The champion against the previous one; a first champion against the naive baseline."""

    @property
    def is_on(self) -> bool:
        """Whether candidates that pass the gate go through a trial."""
        return self._answers > 0

    def begin(self, challenger: Held, *, by_people: bool) -> None:
        """Puts a version that passed the gate into shadow."""
        self.challenger = challenger
        self.trial = Trial("shadow", Stretch(by_people))

    def watch(self, judged: Judged, features: Features) -> None:
        """Takes an answer that came after the gate's: what each frozen version says of it."""
        if not self.is_on:
            return
        champion = judged.baseline if judged.champion is None else judged.champion
        if self.trial is not None and judged.challenger is not None:
            self.trial.stretch.add(judged.challenger, champion, judged)
        reign = self.reign
        if reign is not None:
            known = reign.answers
            before = self.previous.model.predict_one(features) if self.previous is not None else judged.baseline
            reign.add(champion, before, judged)
            if reign.answers > known and reign.answers % (_ANEW * self._answers) == 0:
                # Who began in good days has lost its money to them; a fall is seen by who begins after it.
                reign.against.begin()

    def due(self) -> Step | None:
        """What the answers so far call for, if they are to be believed.

        Once rollouts are turned off, a version that is on trial scores for all, and nothing is taken back.
        """
        if not self.is_on:
            return "promotion" if self.trial is not None else None
        if self.trial is not None:
            stretch = self.trial.stretch
            if stretch.against.fortune >= self._fortune or stretch.answers >= PATIENCE * self._answers:
                return "withdrawal"
            if stretch.answers >= self._answers and stretch.lead >= 0.0:
                return "share" if self.trial.stage == "shadow" else "promotion"
        if self.reign is not None and self.reign.against.fortune >= self._fortune:
            return "rollback"
        return None

    def share(self) -> None:
        """The challenger scores for a share of the visitors from here on."""
        if self.trial is not None:
            self.trial = Trial("share", Stretch(self.trial.stretch.by_people))

    def promote(self, champion: Held | None) -> None:
        """The challenger takes the champion's place; that one, if there is one, is held, to go back to."""
        by_people = self.trial.stretch.by_people if self.trial is not None else True
        self.end_trial()
        self.previous = champion
        self.reign = Stretch(by_people)

    def refresh(self, champion: Held | None, enough: int, *, by_people: bool) -> None:
        """The champion goes on as a newer version of itself; who is gone back to stays until answers have come in."""
        if self.is_on and (self.reign is None or self.reign.answers >= enough):
            self.previous = champion
            self.reign = Stretch(self.reign.by_people if self.reign is not None else by_people)

    def crown(self, *, by_people: bool) -> None:
        """A first champion, which replaces nobody: who knows nothing is who would be gone back to."""
        self.end()
        if self.is_on:
            self.reign = Stretch(by_people)

    def end_trial(self) -> None:
        """There is no challenger any longer."""
        self.challenger = self.trial = None

    def end(self) -> None:
        """Nothing is on trial, and nothing to go back to."""
        self.end_trial()
        self.previous = self.reign = None

    def figures(self, step: Step) -> dict[str, float]:
        """What a step rests on."""
        stretch = self.reign if step == "rollback" else self.trial.stretch if self.trial is not None else None
        if stretch is None:
            return {}
        return {
            "answers": float(stretch.answers),
            "mean_lead": stretch.lead / max(stretch.answers, 1),
            "evidence_against": min(stretch.against.fortune, MOST_EVIDENCE),
        }

    def why(self, step: Step) -> str:
        """The same as a sentence."""
        figures = self.figures(step)
        answers, against = int(figures.get("answers", 0)), figures.get("evidence_against", 0.0)
        if step == "rollback":
            rival = "the one before" if self.previous is not None else "whoever knows nothing of a session"
            return (
                f"On {answers} answers since, {rival} would have erred less; chance alone makes it look so at most "
                f"once in {against:.0f} times."
            )
        stage = self.trial.stage if self.trial is not None else "shadow"
        where = "in shadow" if stage == "shadow" else "with a share of the visitors"
        if step == "withdrawal":
            if against < self._fortune:
                return f"On {answers} answers {where} it was never ahead for long: it is given up."
            return (
                f"On {answers} answers {where} it errs more than who scores now; chance alone makes it look so at most "
                f"once in {against:.0f} times."
            )
        gain = figures.get("mean_lead", 0.0)
        return f"On {answers} answers {where} it is ahead: squared error lower by {gain:.4f} each."
