"""The steps of a rollout: which is due by the labels since the gate's decision, and what it changes."""

from __future__ import annotations

from models.gate.retrained import admit, why_in_shadow
from models.gate.rollout import FrozenVersion, Step
from models.serving.snapshot import MODEL_ID
from models.training.config import Outcome, TrainerConfig
from models.training.decisions import DecisionLog, trial_record
from models.training.state import TrainerState
from models.training.tenure import Tenure
from weir.contracts.model_record import Champion, Decision, Snapshot


class RolloutSteps:
    """Takes the steps of a rollout, and records them.

    Args:
        config: Of the trainer.
        state: Of the trainer, which is changed.
        tenure: The champion and its rival, which are changed.
        decisions: Takes the decisions.
    """

    def __init__(self, config: TrainerConfig, state: TrainerState, tenure: Tenure, decisions: DecisionLog) -> None:
        self._config, self._state, self._tenure, self._decisions = config, state, tenure, decisions

    def advance(self, decided_at: float) -> Outcome | None:
        """Begins the next stage, ends the rollout, or rolls back, if the labels since the gate's decision decide so."""
        rollout = self._tenure.rollout
        if rollout.stage is None and rollout.tenure is None:
            return None
        # Contradicted labels may be poisoned: neither a promotion nor a rollback may rest on them.
        step = rollout.due()
        if step is None or self._tenure.is_contradicted:
            return None
        if step == "rollback":
            return self._roll_back(rollout.previous, decided_at)
        return self._take_step(step, rollout.challenger, decided_at) if rollout.challenger is not None else None

    def _take_step(self, step: Step, challenger: FrozenVersion, decided_at: float) -> Outcome:
        rollout = self._tenure.rollout
        decision = self._step_decision(step, challenger.snapshot.version, decided_at)
        if step == "share":
            rollout.begin_share()
            return Outcome(decision, None, None, trial_record(decision, share=self._config.rollout_share))
        if step == "withdrawal":
            rollout.end_stage()
            self._tenure.reset_evidence()
            ended = trial_record(decision, share=0.0).model_copy(update={"version": None})
            return Outcome(decision, None, None, ended)
        return Outcome(decision, None, self._tenure.promote_challenger(challenger, decision))

    def _roll_back(self, previous: FrozenVersion | None, decided_at: float) -> Outcome:
        """Makes the previous version champion again. If there was none, no model scores until another one passes."""
        tenure = self._tenure
        version = previous.snapshot.version if previous is not None else ""
        decision = self._step_decision("rollback", version, decided_at)
        tenure.rollout.end()
        # Only labels from now on count for the learner: it passed by the earlier ones, and was refuted since.
        tenure.window.clear()
        self._state.since_evaluation = 0
        if previous is not None:
            # Written again, so that workers that no longer hold the snapshot get it beside the pointer.
            return Outcome(decision, previous.snapshot, tenure.promote(previous, decision, is_in_line=False))
        tenure.vacate(decision)
        return Outcome(decision, None, Champion(id=MODEL_ID, version="", decision=decision.number, signature=""))

    def awaits(self, snapshot: Snapshot) -> bool:
        """Whether a version that a workflow trained is new, and no other is in its rollout."""
        return snapshot.version not in self._state.retrained and self._tenure.rollout.stage is None

    def take_retrained(self, snapshot: Snapshot, decided_at: float) -> Outcome | None:
        """Puts a version that a workflow trained into shadow, or refuses it; once for each version.

        None while another version is in its rollout: ask again. The champion's own version needs no rollout.
        """
        state, rollout = self._state, self._tenure.rollout
        if not self.awaits(snapshot):
            return None
        state.retrained.append(snapshot.version)
        if state.champion is not None and state.champion[1] == snapshot.version:
            return None
        forgotten = self._decisions.forget_retrained(self._tenure.versions_in_use)
        admitted = admit(snapshot, has_rollouts=rollout.is_on)
        if isinstance(admitted, str):
            decision = self._decisions.record("refusal", snapshot.version, admitted, snapshot.figures, decided_at)
            return Outcome(decision, None, None, forgotten=forgotten + self._decisions.forget_refusals(decision))
        rollout.begin(admitted, by_people=self._tenure.is_judged_by_people)
        reason = why_in_shadow(snapshot)
        decision = self._decisions.record("shadow", snapshot.version, reason, snapshot.figures, decided_at)
        # Written again, for the reason given in `_roll_back`.
        return Outcome(decision, snapshot, None, trial_record(decision, share=0.0), forgotten=forgotten)

    def _step_decision(self, step: Step, version: str, at: float) -> Decision:
        rollout = self._tenure.rollout
        return self._decisions.record(step, version, rollout.why(step), rollout.figures(step), at)
