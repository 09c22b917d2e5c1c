"""The time for which a version is champion: its figures on each example, and its replacement."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from pydantic import ValidationError

from models.families.base import Model
from models.families.registry import copy, from_bytes, to_bytes
from models.gate.bounds import Judged
from models.gate.contradiction import contradictions
from models.gate.evidence import Evidence, squared_error
from models.gate.rollout import FrozenVersion, Rollout
from models.serving.champion import Scorer
from models.serving.snapshot import is_retrained
from models.training.config import TrainerConfig
from models.training.state import TrainerState
from weir.contracts.fast import encode
from weir.contracts.label import is_weak
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.contracts.training import TrainingExample
from weir.errors import SnapshotError

if TYPE_CHECKING:
    from models.gate.quality import Quality


class Tenure:
    """The champion, its challenger, and the window of examples on which they are compared with the learner."""

    def __init__(self, config: TrainerConfig, state: TrainerState) -> None:
        self._config = config
        self._state = state
        self._champion: Model | None = None
        self.version: FrozenVersion | None = None
        """The champion with its snapshot; None if the snapshot is not known."""
        self.rollout = Rollout(config.rollout_answers, config.bounds.least_e_value)
        self.rollout.stage, self.rollout.tenure = state.rollout, state.tenure
        self.window: deque[Judged] = deque(state.window, maxlen=config.window)

    @property
    def versions(self) -> dict[str, FrozenVersion | None]:
        """Champion (`held`), challenger and previous champion, by the names of their parts of the trainer's state."""
        rollout = self.rollout
        return {"held": self.version, "challenger": rollout.challenger, "previous": rollout.previous}

    @property
    def versions_in_use(self) -> set[str]:
        """Names of these versions."""
        return {one.snapshot.version for one in self.versions.values() if one is not None}

    @property
    def is_judged_by_people(self) -> bool:
        """Whether the window has enough human labels, so that only those count."""
        return sum(judged.people for judged in self.window) >= self._config.bounds.minimum_people

    @property
    def is_contradicted(self) -> bool:
        """Whether labels contradict the champion's confident scores in both directions: such labels may be poisoned."""
        judges = [judged for judged in self.window if judged.people] or list(self.window)
        return bool(contradictions(judges, self._config.bounds))

    def observe(self, example: TrainingExample, scores: tuple[float, float], *, may_decide: bool) -> Judged:
        """Adds an example to the window and to the evidence, before the learner learns it.

        Args:
            example: The example.
            scores: The scores of the learner and of the baseline, probabilities of abuse.
            may_decide: Whether the label's source is trusted enough for its labels to decide.
        """
        features, challenger = example.features, self.rollout.challenger
        judged = Judged(
            bad=example.label == "bad",
            people=may_decide and not is_weak(example.source),
            candidate=scores[0],
            champion=self._champion.predict_one(features) if self._champion else None,
            baseline=scores[1],
            segment=str(features.get(self._config.segments, "")),
            challenger=challenger.model.predict_one(features) if challenger is not None else None,
        )
        self.window.append(judged)
        rival = judged.baseline if judged.champion is None else judged.champion
        lead = squared_error(rival, bad=judged.bad) - squared_error(judged.candidate, bad=judged.bad)
        self._state.by_all.add(lead)
        if judged.people:
            self._state.by_people.add(lead)
        return judged

    def deciding(self, newest: int) -> list[Judged]:
        """The newest examples that decide: only those with human labels if the window has enough of them, else all."""
        recent = list(self.window)[-newest:] if newest else []
        by_people = self.is_judged_by_people
        return [judged for judged in recent if judged.people or not by_people]

    def promote(self, version: FrozenVersion, decision: Decision, *, is_in_line: bool = True) -> Champion:
        """Makes a version champion.

        Args:
            version: The version.
            decision: The decision on it.
            is_in_line: Whether the version is an earlier state of the learner.

        Returns:
            The record that makes it champion in all workers.
        """
        state, snapshot = self._state, version.snapshot
        self._champion, self.version = version.model, version
        state.champion = (snapshot.id, snapshot.version, snapshot.learned_from, decision.number)
        state.is_in_line, state.may_resume, state.since_promotion = is_in_line, not is_in_line, 0
        self.reset_evidence()
        return Champion(id=snapshot.id, version=snapshot.version, decision=decision.number, signature="")

    def promote_challenger(self, version: FrozenVersion, decision: Decision) -> Champion:
        """Ends a rollout with the promotion of its challenger."""
        self.rollout.promote(self.version)
        if not is_retrained(version.snapshot.version):
            self.relabel_window()
            return self.promote(version, decision)
        # What a retrained version would have predicted before its shadow stage is not known.
        self.window = deque((one for one in self.window if one.challenger is not None), maxlen=self.window.maxlen)
        self.relabel_window()
        champion = self.promote(version, decision, is_in_line=False)
        # The learner is another model: it can replace this version through the gate alone.
        self._state.may_resume = False
        return champion

    def vacate(self, decision: Decision) -> None:
        """Removes the champion: no version scores any longer."""
        self._champion = self.version = self._state.champion = None
        self._state.is_in_line = False
        self._state.vacant_since = decision.number
        self.reset_evidence()

    def adopt(self, scorer: Scorer) -> None:
        """Adopts a champion that a person has chosen.

        The window is cleared: the version that it replaces must not return because of earlier examples.
        """
        state = self._state
        self._champion = copy(scorer.model)
        self.version = FrozenVersion(scorer.snapshot, self._champion) if scorer.snapshot is not None else None
        self.rollout.end()
        state.is_in_line = state.may_resume = False
        state.champion = (scorer.ref.id, scorer.ref.version, scorer.learned_from, scorer.decision)
        self.window.clear()
        self.reset_evidence()

    def relabel_window(self) -> None:
        """Takes the predictions of the version that is promoted (challenger or candidate) for the champion's."""
        self.window = deque(
            (
                msgspec.structs.replace(
                    judged,
                    champion=judged.candidate if judged.challenger is None else judged.challenger,
                    challenger=None,
                )
                for judged in self.window
            ),
            maxlen=self.window.maxlen,
        )

    def reset_evidence(self) -> None:
        """Resets the evidence for the learner, which was collected against another champion."""
        self._state.by_people, self._state.by_all = Evidence(), Evidence()

    def qualities(self) -> dict[str, Quality]:
        """Quality on the window of candidate, baseline, and champion if it predicted all of it; empty without one."""
        if not self.window:
            return {}
        from models.gate.quality import measure  # noqa: PLC0415 -- imports numpy, see `models.families.regression`

        labels = [judged.bad for judged in self.window]
        found = {
            "candidate": measure([judged.candidate for judged in self.window], labels),
            "baseline": measure([judged.baseline for judged in self.window], labels),
        }
        by_champion = [judged.champion for judged in self.window if judged.champion is not None]
        if len(by_champion) == len(labels):
            found["champion"] = measure(by_champion, labels)
        return found

    def entries(self) -> dict[str, bytes]:
        """The versions as parts of the trainer's state. Window and rollout are stored in `TrainerState`."""
        state = self._state
        state.window = list(self.window)
        state.rollout, state.tenure = self.rollout.stage, self.rollout.tenure
        parts = {name: encode(one.snapshot) if one is not None else b"" for name, one in self.versions.items()}
        if self._champion is not None and self.version is None:
            parts["champion"] = to_bytes(self._champion)
        return parts

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Restores the versions that `entries` returned.

        Raises:
            SnapshotError: a version can't be read.
        """
        versions = {name: _version(entries.get(name, b"")) for name in self.versions}
        self.version = versions["held"]
        self.rollout.challenger, self.rollout.previous = versions["challenger"], versions["previous"]
        if self.version is not None:
            self._champion = self.version.model
        elif "champion" in entries:
            self._champion = from_bytes(entries["champion"])


def _version(data: bytes) -> FrozenVersion | None:
    try:
        return FrozenVersion.of(Snapshot.model_validate_json(data)) if data else None
    except ValidationError as error:
        raise SnapshotError("A version in the trainer's state can't be read.", REBUILD) from error


REBUILD = "Delete the stage's state topic: the model is then rebuilt from the training topic."
