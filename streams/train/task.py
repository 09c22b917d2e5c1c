"""Folds the training topic, in order, into a learner that the gate evaluates against the champion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import thread_time

from models.families.declared import load_model
from models.gate.bounds import Bounds
from models.gate.evidence import squared_error
from models.serving.champion import ChampionHolder, Scorer
from models.serving.snapshot import AnyRecord, record_key, sign
from models.training.config import Outcome, TrainerConfig
from models.training.drift import Watch
from models.training.trainer import Trainer
from streams.read_record import read_record
from streams.task import Effects, Task
from weir.contracts.fast import decoder, encode
from weir.contracts.label import is_weak
from weir.contracts.model_record import Snapshot
from weir.contracts.training import TrainingExample
from weir.kafka.records import InputRecord, Output
from weir.settings import Settings
from weir.topics import MODELS

_PART, _EXAMPLE = b"t", b"x"
"""Types of state entries: a part of the trainer's state; an example learned since that was written."""
_STAGES = {None: 0, "shadow": 1, "share": 2}
_decode = decoder(TrainingExample)


def trainer_config(settings: Settings) -> TrainerConfig:
    """How the settings want a trainer to work."""
    bounds = Bounds(minimum_people=settings.gate_min_people)
    declared = load_model(settings.model_file)
    return TrainerConfig(
        window=settings.gate_window,
        every=settings.gate_every,
        false_positive_rate=settings.model_false_positive_rate,
        refresh_every=settings.refresh_every,
        refresh_every_s=settings.refresh_every_s,
        bounds=bounds,
        family=declared.family,
        hyper_parameters=declared.hyper_parameters,
        sample_share=settings.review_sample_share,
        rollout_answers=settings.rollout_answers,
        rollout_share=settings.rollout_share,
    )


class TrainTask(Task):
    """Learns every example once; publishes signed snapshots, decisions and the champion's pointer together.

    A model's state is large and an example small: so each flush writes the examples learned, and only a decision about
    the champion writes the whole state and takes them away. Recovery learns the examples since then again.

    Args:
        settings: Window, meetings and their bounds.
        key: Signs published snapshots. Without a key, the stage doesn't learn, as no worker would accept the model.
        champion: What the workers score with; a person may have decided since.
    """

    def __init__(self, settings: Settings, key: bytes | None, champion: ChampionHolder | None = None) -> None:
        self._key = key
        self._champion = champion
        # Time of the processor, not of the wall: a candidate is not refused because the machine is busy.
        self._trainer = Trainer(trainer_config(settings), clock=thread_time)
        self._parts: dict[str, bytes] = {}
        self._logged: dict[bytes, bytes] = {}
        self._new: dict[bytes, bytes] = {}
        self._whole = False
        self._errors = Watch(only_rises=True)

    def learner(self) -> Scorer | None:
        """The learner itself, for a driver that runs all stages in one order."""
        return self._trainer.learner

    def build(self) -> None:
        """Builds the candidate now: a live worker imports River before it reads records, not between two of them."""
        self._trainer.build()

    def load(self, key: bytes, value: bytes) -> None:
        """Takes back a part of the trainer's state or an example learned since."""
        if key[:1] == _PART:
            self._parts[key[1:].decode()] = value
        else:
            self._logged[key] = value

    def loaded(self) -> None:
        """Puts the parts together and learns again what came since."""
        self._trainer.restore(self._parts)
        self._parts = {}
        for key in sorted(self._logged):
            self._trainer.learn(_decode(self._logged[key]), _offset(key))

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Predicts and learns each example; has the gate evaluate the learner when it is due."""
        if self._key is None:
            return
        if self._champion is not None:
            self._whole |= self._trainer.adopt_decision(self._champion.scorer, self._champion.last_decision)
            self._take_retrained(self._champion.retrained, records, effects, self._key)
        for record in records:
            self._learn(record, effects)
            # The example's own time, so that the same topic gives the same records again.
            outcome = self._trainer.advance(record.timestamp / 1_000)
            if outcome is not None:
                self._publish(outcome, self._key, effects)
                self._whole = True
        self._show(effects)

    def _take_retrained(
        self, snapshot: Snapshot | None, records: Sequence[InputRecord], effects: Effects, key: bytes
    ) -> None:
        if snapshot is None or not records:
            return
        outcome = self._trainer.take_retrained(snapshot, records[0].timestamp / 1_000)
        if outcome is not None:
            self._publish(outcome, key, effects)
            self._whole = True

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """After a decision the whole state, otherwise the examples learned since the last call."""
        if not self._whole:
            yield from self._new.items()
            self._logged |= self._new
            self._new = {}
            return
        for name, part in self._trainer.entries().items():
            yield _PART + name.encode(), part
        for key in self._logged:
            yield key, None
        self._logged, self._new, self._whole = {}, {}, False

    def progress(self) -> bytes:
        """Examples learned so far."""
        return str(self._trainer.examples).encode()

    def _learn(self, record: InputRecord, effects: Effects) -> None:
        example = read_record(record, _decode, effects)
        if example is None:
            return
        known = self._trainer.learn(example, record.offset)
        kind = "weak" if is_weak(example.source) else "people"
        effects.count("examples_learned", kind, example.label if known else "passed_over")
        if known:
            self._watch(example, effects)
        self._new[_EXAMPLE + record.offset.to_bytes(8)] = record.value or b""

    def _watch(self, example: TrainingExample, effects: Effects) -> None:
        """Whether the models err as they did, by the answers that judge."""
        if is_weak(example.source):
            return
        judged = self._trainer.newest
        if judged is None or not judged.people:
            return
        scores = {"candidate": judged.candidate, "champion": judged.champion}
        errors = {name: squared_error(score, bad=judged.bad) for name, score in scores.items() if score is not None}
        for name in self._errors.see(errors):
            effects.count("drift_detected", "error", name)

    def _publish(self, outcome: Outcome, key: bytes, effects: Effects) -> None:
        records: list[AnyRecord] = []
        if outcome.draft is not None:
            records.append(sign(outcome.draft, key))
        if outcome.snapshot is not None:
            records.append(sign(outcome.snapshot, key))
        if outcome.decision is not None:
            effects.count("model_decisions", outcome.decision.kind)
            records.append(sign(outcome.decision, key))
        if outcome.champion is not None:
            records.append(sign(outcome.champion, key))
        if outcome.trial is not None:
            records.append(sign(outcome.trial, key))
        for record in records:
            effects.outputs.append(Output(MODELS, record_key(record).encode(), encode(record)))
        effects.outputs += [Output(MODELS, forgotten.encode(), None) for forgotten in outcome.forgotten]

    def _show(self, effects: Effects) -> None:
        for role, quality in self._trainer.qualities().items():
            effects.set(quality.auc, "model_auc", role)
            effects.set(quality.log_loss, "model_log_loss", role)
            effects.set(quality.calibration_error, "model_calibration_error", role)
            effects.set(quality.average_precision, "model_average_precision", role)
            effects.set(quality.recall, "model_recall", role)
            effects.set(quality.flagged_share, "model_flagged_share", role)
        recall = self._trainer.recall()
        # Without a human label the interval is 0 to 1: a missing series would look like a missing worker.
        effects.set(recall.low if recall is not None else 0.0, "recall_estimate", "low")
        effects.set(recall.high if recall is not None else 1.0, "recall_estimate", "high")
        if recall is not None:
            effects.set(recall.estimate, "recall_estimate", "estimate")
        effects.set(len(self._trainer.doubted()), "sources_doubted")
        effects.count("drift_detected", "error", "champion", by=0)  # a series that is there before anything has changed
        effects.set(_STAGES[self._trainer.rollout_stage], "trial_stage")


def _offset(key: bytes) -> int:
    return int.from_bytes(key[1:])
