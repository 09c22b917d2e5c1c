"""The trainer: predicts each example, learns it, and has the gate evaluate the model. Without I/O, and repeatable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from models.families.base import Model
from models.families.baseline import PriorRate
from models.families.registry import copy, from_bytes, to_bytes
from models.features.registry import FEATURES_VERSION
from models.gate.bounds import CandidateHistory, Judged, first_bounds
from models.gate.evaluation import evaluate_candidate
from models.gate.refresh import ENOUGH, FIRST, doubts, is_due, objections, why
from models.gate.rollout import FrozenVersion
from models.serving.champion import Scorer
from models.serving.snapshot import MODEL_ID, payload_of
from models.training.config import Outcome, TrainerConfig
from models.training.decisions import DecisionLog, trial_record
from models.training.label_history import LabelHistory
from models.training.learner import Learner
from models.training.rollout_steps import RolloutSteps
from models.training.state import TrainerState
from models.training.tenure import REBUILD, Tenure
from weir.contracts.label import is_weak
from weir.contracts.model_record import Decision, Snapshot
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample
from weir.errors import SnapshotError

if TYPE_CHECKING:
    from models.gate.quality import Quality
    from models.labels.recall import Interval

LEAST_DECIDING_WEIGHT = 0.5
"""Labels of a source with a smaller weight have no part in decisions about candidates."""
MOST_WAITING = 100
"""Examples that wait while all labels are weak ones of one kind (good or bad); more would teach nothing new."""


class Trainer:
    """Folds training examples in order; the same examples give the same models and decisions.

    While all labels so far are weak ones of one kind (all good, or all bad), no candidate can be evaluated: the first
    `MOST_WAITING` examples wait, and further ones are not learned. The model is built with the first other label, or
    when it is requested, and learns the waiting examples first. So decisions and stored state do not depend on the
    waiting, and a short replay does not import River.

    Args:
        config: Intervals, bounds, family and hyper-parameters.
        clock: A monotonic clock in seconds, to measure the time of a prediction; without it no candidate is too slow.
    """

    def __init__(self, config: TrainerConfig, clock: Callable[[], float] | None = None) -> None:
        self.config = config
        self._learner = Learner(config, clock)
        self._waiting: list[tuple[TrainingExample, float]] = []
        """Examples that the model has still to learn, with the weights of their sources."""
        self._begin(TrainerState())

    def _begin(self, state: TrainerState) -> None:
        self._state = state
        self._labels = LabelHistory(self.config, state)
        self._decisions = DecisionLog(state)
        self._tenure = Tenure(self.config, state)
        self._rollout_steps = RolloutSteps(self.config, state, self._tenure, self._decisions)

    @property
    def examples(self) -> int:
        """Examples learned so far."""
        return self._state.examples

    @property
    def champion(self) -> ModelRef | None:
        """The version that scores, by the decisions that the trainer has made or read."""
        known = self._state.champion
        return ModelRef(id=known[0], version=known[1]) if known else None

    @property
    def rollout_stage(self) -> Literal["shadow", "share"] | None:
        """The stage of a challenger; None while there is none."""
        stage = self._tenure.rollout.stage
        return stage.stage if stage is not None else None

    @property
    def newest(self) -> Judged | None:
        """The example learned last, with its predictions."""
        self.build()
        window = self._tenure.window
        return window[-1] if window else None

    @property
    def learner(self) -> Scorer | None:
        """A scorer over the learner's model; None while the learner has too few examples for its scores to be recorded.

        It must be used before the next example is learned: unlike a snapshot, its model is not frozen.
        """
        state = self._state
        if not state.is_informative or state.examples < FIRST:
            return None
        ref = ModelRef(id=MODEL_ID, version=str(state.trained_to))
        return Scorer(ref, state.learned_from, -1, self.build())

    @property
    def is_evaluation_due(self) -> bool:
        """Whether the gate is to evaluate the learner: no challenger is in its rollout, and no refresh is possible."""
        state, config = self._state, self.config
        if not state.is_informative or self.rollout_stage is not None or (state.is_in_line and config.refresh_every):
            return False
        if state.champion is None:
            return state.examples >= config.first_from and state.since_evaluation >= config.first_every
        return state.since_evaluation >= config.every

    def learn(self, example: TrainingExample, offset: int) -> bool:
        """Predicts the example by all versions, then learns it; False if its features are of another version."""
        state = self._state
        # Also for an example that is passed over: a version is named by the offset that it has read up to.
        state.trained_to = offset + 1
        if example.features_version != FEATURES_VERSION:
            return False
        weight, is_first = self._labels.record(example)
        if state.is_informative or (self._learner.is_built and state.examples < MOST_WAITING):
            self.build()
            self._learn(example, weight, is_first=is_first)
        elif state.examples < MOST_WAITING:
            self._waiting.append((example, weight))
        state.examples += 1
        state.since_evaluation += 1
        state.since_promotion += 1
        state.since_doubt += 1
        state.since_published += 1
        if is_weak(example.source):
            state.weak += 1
        else:
            state.people += 1
        return True

    def build(self) -> Model:
        """The learner's model. If it is built only now, it learns the waiting examples, and later ones don't wait."""
        if not self._learner.is_built:
            _ = self._learner.model
            for example, weight in self._waiting:
                self._learn(example, weight)
            self._waiting.clear()
        return self._learner.model

    def _learn(self, example: TrainingExample, weight: float, *, is_first: bool = True) -> None:
        judged = self._tenure.observe(
            example, self._learner.predict(example), may_decide=weight >= LEAST_DECIDING_WEIGHT
        )
        if judged.people and is_first:
            self._labels.keep_score(judged)
        # Before the example is learned: a score that knows the label would favour the learner.
        self._tenure.rollout.observe(judged, example.features)
        self._learner.learn(example, example.weight * weight)

    def advance(self, decided_at: float) -> Outcome | None:
        """Makes the decision that is due after an example, if any; to be called after each example.

        Args:
            decided_at: Time of the example's record in seconds, so that the same topic gives the same records again.
        """
        # Rollouts first: an evaluation waits until the challenger before it has ended.
        outcome = self.advance_rollout(decided_at)
        if outcome is not None:
            return outcome
        if self.is_evaluation_due:
            return self.evaluate(decided_at)
        state, config = self._state, self.config
        age_s = decided_at - state.published_at
        if not state.is_informative or not is_due(
            state.since_published, age_s, state.examples, config.refresh_every, config.refresh_every_s
        ):
            return None
        return self.refresh(decided_at)

    def evaluate(self, decided_at: float) -> Outcome:
        """Has the gate evaluate the learner; if it passes, its rollout begins, or it is promoted."""
        self.build()
        state, tenure = self._state, self._tenure
        is_first = state.champion is None
        bounds = first_bounds(self.config.bounds, len(tenure.window)) if is_first else self.config.bounds
        e_values = {True: state.by_people.e_value, False: state.by_all.e_value}
        found = evaluate_candidate(tenure.window, bounds, CandidateHistory(e_values, self._learner.take_cost_us()))
        state.since_evaluation = 0
        version, figures = str(state.trained_to), found.figures | self._labels.worth_of_most_doubted()
        if not found.passes:
            decision = self._decisions.record("refusal", version, found.why, figures, decided_at)
            # The learner may become better later: new wealth processes begin with their share of the wealth.
            state.by_people.start()
            state.by_all.start()
            return Outcome(decision, None, None, forgotten=self._decisions.forget_refusals(decision))
        # A first champion replaces none that would have to be protected.
        has_stages = tenure.rollout.is_on and not is_first
        decision = self._accept("shadow" if has_stages else "promotion", found.why, figures, decided_at)
        snapshot = self._snapshot(decision, decided_at)
        # A copy: the learner learns on, and the version on record must not.
        frozen = FrozenVersion(snapshot, copy(self._learner.model))
        if has_stages:
            tenure.rollout.begin(frozen, by_people=found.by_people)
            return Outcome(decision, snapshot, None, trial_record(decision, share=0.0))
        if is_first:
            tenure.rollout.begin_first_tenure(by_people=found.by_people)
        else:
            # Rollouts may have been on before: their evidence is about the champion that is replaced here.
            tenure.rollout.end()
        tenure.relabel_window()
        return Outcome(decision, snapshot, tenure.promote(frozen, decision))

    def refresh(self, decided_at: float) -> Outcome:
        """Publishes the learner: as champion if the champion is its earlier state and no better, else as a draft."""
        self.build()
        state, tenure = self._state, self._tenure
        resumes = state.may_resume and state.since_promotion >= self.config.every
        if self.rollout_stage is not None or not (state.is_in_line or resumes):
            return Outcome(None, None, None, draft=self._snapshot(None, decided_at))
        newest = tenure.deciding(len(tenure.window))
        # The learner has learned labels that may be poisoned: they are no evidence in its favour.
        fresh = tenure.deciding(min(state.since_promotion, state.since_doubt)) if state.since_doubt else []
        is_after_doubt = state.since_doubt < state.since_promotion
        against, figures = objections(fresh, newest, self.config.bounds, is_after_doubt=is_after_doubt)
        if doubts(newest, self.config.bounds):
            state.since_doubt = 0
        elif len(fresh) < ENOUGH and state.since_doubt < state.since_promotion:
            against.append("too few labels since they contradicted the champion on both sides")
        if against:
            version = str(state.trained_to)
            decision = self._decisions.record("refusal", version, why(figures, against), figures, decided_at)
            draft = self._snapshot(None, decided_at)
            return Outcome(decision, None, None, draft=draft, forgotten=self._decisions.forget_refusals(decision))
        decision = self._accept("refresh", why(figures, ()), figures, decided_at)
        snapshot = self._snapshot(decision, decided_at)
        tenure.rollout.refresh(tenure.version, self.config.every, by_people=tenure.is_judged_by_people)
        tenure.relabel_window()
        champion = tenure.promote(FrozenVersion(snapshot, copy(self._learner.model)), decision)
        forgotten = self._decisions.forget_refreshes(decision, tenure.versions_in_use)
        return Outcome(decision, snapshot, champion, forgotten=forgotten)

    def advance_rollout(self, decided_at: float) -> Outcome | None:
        """Begins the next stage, ends the rollout, or rolls back, if the labels since the gate's decision decide so."""
        return self._rollout_steps.advance(decided_at)

    def take_retrained(self, snapshot: Snapshot, decided_at: float) -> Outcome | None:
        """Puts a version that a workflow trained into shadow, or refuses it; see `RolloutSteps.take_retrained`."""
        if self._rollout_steps.awaits(snapshot):
            # The waiting examples come before the rollout, so they must not count in its evidence.
            self.build()
        return self._rollout_steps.take_retrained(snapshot, decided_at)

    def adopt_decision(self, scorer: Scorer | None, last_decision: int) -> bool:
        """Adopts the champion of a newer decision by a person; returns whether there was one."""
        state = self._state
        state.next_decision = max(state.next_decision, last_decision + 1)
        known = state.champion
        if scorer is None or scorer.decision <= (known[3] if known is not None else state.vacant_since):
            return False
        self.build()
        self._tenure.adopt(scorer)
        return True

    def candidate_state(self) -> dict[str, Any]:
        """All that the learner has learned."""
        return self.build().state()

    def qualities(self) -> dict[str, Quality]:
        """Prequential quality on the newest window by role; empty while all examples wait."""
        return self._tenure.qualities()

    def recall(self) -> Interval | None:
        """Share of the abuse that the cascade flags, by the random sample; None without an abusive session in it."""
        return self._labels.recall()

    def doubted(self) -> dict[str, float]:
        """Sources whose labels count for less, with their weights."""
        return self._labels.doubted()

    def entries(self) -> dict[str, bytes]:
        """The whole state, by part; `restore` restores it exactly."""
        model = self.build()
        versions = self._tenure.entries()
        return {
            "counts": msgspec.json.encode(self._state),
            "candidate": to_bytes(model),
            "baseline": to_bytes(self._learner.baseline),
            **versions,
        }

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Restores the state that `entries` returned.

        If the stored learner is of another family or other hyper-parameters than the configuration's, then it stays so
        until the model is rebuilt from the training topic.

        Raises:
            SnapshotError: it can't be read.
        """
        if not entries:
            return
        try:
            state = msgspec.json.decode(entries["counts"], type=TrainerState)
            model, baseline = from_bytes(entries["candidate"]), from_bytes(entries["baseline"])
        except (KeyError, msgspec.DecodeError) as error:
            raise SnapshotError("The trainer's state can't be read.", REBUILD) from error
        if not isinstance(baseline, PriorRate):
            raise SnapshotError("The trainer's state names another baseline.", REBUILD)
        state.is_informative |= bool(state.people or state.champion)
        self._learner.restore(model, baseline)
        self._waiting.clear()
        self._begin(state)
        self._tenure.restore(entries)

    def _accept(
        self, kind: Literal["shadow", "promotion", "refresh"], reason: str, figures: dict[str, float], at: float
    ) -> Decision:
        """A decision for the learner, with the thresholds that it will score by."""
        thresholds = self._labels.thresholds()
        reason = f"{reason} {thresholds.why(self.config.false_positive_rate)}"
        return self._decisions.record(kind, str(self._state.trained_to), reason, figures | thresholds.figures(), at)

    def _snapshot(self, decision: Decision | None, at: float) -> Snapshot:
        """A snapshot of the learner, a draft without a decision. Its version is the offset after its last example."""
        state, thresholds, model = self._state, self._labels.thresholds(), self._learner.model
        # Drafts count too: workers score with them beside the champion.
        state.since_published, state.published_at = 0, at
        return Snapshot(
            id=MODEL_ID,
            version=str(state.trained_to),
            family=model.family,
            hyper_parameters=model.hyper_parameters,
            features_version=FEATURES_VERSION,
            trained_to_offset=state.trained_to,
            examples=state.examples,
            learned_from=state.learned_from,
            figures=(decision.figures if decision is not None else {}) | thresholds.figures(),
            created_at=at,
            draft=decision is None,
            block_from=thresholds.block_from,
            review_from=thresholds.review_from,
            payload=payload_of(model),
            signature="",
        )
