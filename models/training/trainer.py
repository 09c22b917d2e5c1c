"""The candidate: predicts each example, then learns it, and now and then meets the champion. Pure and repeatable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from pydantic import ValidationError

from models.families.base import Model
from models.families.baseline import PriorRate
from models.families.registry import FAMILIES, copy, from_bytes, to_bytes
from models.features.registry import FEATURES_VERSION
from models.gate.evaluation import Judged, Meeting, Record, contradicted, meet
from models.gate.evidence import Evidence, squared_error
from models.gate.refresh import ENOUGH, FIRST, Published, doubts, is_due, objections, superseded, why
from models.gate.retrained import KEPT_RETRAINED, admit, why_in_shadow
from models.gate.rollout import Held, Rollout, Step
from models.gate.thresholds import KEPT_BAD, KEPT_BENIGN, Thresholds, thresholds
from models.labels.sampling import is_in_sample
from models.serving.champion import Scorer
from models.serving.snapshot import MODEL_ID, is_retrained
from models.training.config import Counts, Outcome, TrainerConfig, first_bounds, learned_from, snapshot_of
from weir.contracts.fast import encode
from weir.contracts.label import is_weak
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample
from weir.errors import SnapshotError

if TYPE_CHECKING:
    from models.gate.quality import Quality
    from models.labels.recall import Interval

Kind = Step | Literal["shadow", "refusal", "refresh"]
SAMPLED = 1_000
"""Newest answers about the random sample that the estimate of recall is made of."""
LEAST_WORTH = 0.5
"""People whose answers count for less judge no candidate."""
MOST_WAITING = 100
"""Weak labels of one kind that are kept, as long as there are no others; more of them would teach nothing new."""
KEPT_REFUSALS = 100
"""Refusals on record: unlike promotions, which name versions, older ones are of no use and would grow without end."""
_MOST_DOUBTED = 10


class Trainer:
    """Folds training examples in order; the same examples give the same models and decisions.

    The first hundred examples wait as long as all have weak labels of one kind, since no figure says anything about a
    candidate on those, and more of them are passed over. The next other example, or whatever asks for a model, builds
    the candidate, which learns what waited first: so decisions and stored state don't depend on the waiting, and a
    short replay does not import River, which takes 2.5 s.

    Args:
        config: How it works.
        clock: Seconds from anywhere, to see what a prediction costs; without it, cost is nobody's objection.
    """

    def __init__(self, config: TrainerConfig, clock: Callable[[], float] | None = None) -> None:
        self.config = config
        self._clock = clock
        self._spent_s = 0.0
        self._timed = 0
        """Examples that `_spent_s` is of: a restart forgets both, not how many came since the last meeting."""
        self._built: Model | None = None
        """The candidate, None while all examples so far wait."""
        self._waiting: list[tuple[TrainingExample, float]] = []
        """Examples that the candidate has still to learn, with what their answers are worth."""
        self._champion: Model | None = None
        self._held: Held | None = None
        """The champion with its record, where that is known."""
        self._rollout = Rollout(config.trial_answers, config.bounds.fortune)
        self._baseline = PriorRate()
        self._window: deque[Judged] = deque(maxlen=config.window)
        self._counts = Counts()

    @property
    def examples(self) -> int:
        """Examples learned so far."""
        return self._counts.examples

    @property
    def champion(self) -> ModelRef | None:
        """Who scores, as far as the trainer knows."""
        known = self._counts.champion
        return ModelRef(id=known[0], version=known[1]) if known else None

    @property
    def trial_stage(self) -> Literal["shadow", "share"] | None:
        """How far a version that passed the gate has come, None while none is on its way."""
        return self._rollout.trial.stage if self._rollout.trial is not None else None

    @property
    def newest(self) -> Judged | None:
        """The example learned last, with what was predicted of it."""
        self.build()
        return self._window[-1] if self._window else None

    @property
    def meeting_is_due(self) -> bool:
        """Whether enough examples came since the last meeting, nobody is on trial, and a refresh would not do."""
        counts, config = self._counts, self.config
        if not counts.tells or self._rollout.trial is not None or (counts.is_in_line and config.refresh_every):
            return False
        if counts.champion is None:
            return counts.examples >= config.first_from and counts.since_meeting >= config.first_every
        return counts.since_meeting >= config.every

    def learn(self, example: TrainingExample, offset: int) -> bool:
        """Predicts the example by all, then learns it; False for one whose features are of another version."""
        self._counts.trained_to = offset + 1
        if example.features_version != FEATURES_VERSION:
            return False
        # Asked before the answer is heard: only a session's first answer of a person came before it was learned.
        is_first = all(is_weak(source) for source in self._counts.trust.sessions.get(example.session_id, {}))
        worth = self._hear(example)
        counts = self._counts
        counts.first_label = counts.first_label or example.label
        counts.tells |= not is_weak(example.source) or example.label != counts.first_label
        if counts.tells or (self._built is not None and counts.examples < MOST_WAITING):
            self._learn(self.build(), example, worth, is_first=is_first)
        elif counts.examples < MOST_WAITING:
            self._waiting.append((example, worth))
        self._counts.examples += 1
        self._counts.since_meeting += 1
        self._counts.since_crowned += 1
        self._counts.since_doubt += 1
        self._counts.since_published += 1
        if is_weak(example.source):
            self._counts.weak += 1
        else:
            self._counts.people += 1
        return True

    def build(self) -> Model:
        """The candidate, which has learned what waited; no later example waits."""
        candidate = self._built
        if candidate is None:
            candidate = self._built = FAMILIES[self.config.family](**self.config.hyper_parameters)
            for example, worth in self._waiting:
                self._learn(candidate, example, worth)
            self._waiting.clear()
        return candidate

    def meet(self, decided_at: float) -> Outcome:
        """Lets the candidate meet the champion; if it wins, it is the champion from here on."""
        candidate = self.build()
        counts = self._counts
        cost_us = 1e6 * self._spent_s / self._timed if self._timed else None
        fortune = {True: counts.by_people.fortune, False: counts.by_all.fortune}
        is_first = counts.champion is None
        bounds = first_bounds(self.config.bounds, len(self._window)) if is_first else self.config.bounds
        meeting = meet(self._window, bounds, Record(fortune, cost_us))
        self._spent_s, self._timed = 0.0, 0
        decision = self._decision(meeting, decided_at, is_first=is_first)
        counts.since_meeting = 0
        if not meeting.promote:
            counts.by_people.begin()
            counts.by_all.begin()
            return Outcome(decision, None, None, forgotten=self._refused(decision))
        snapshot = self._snapshot(candidate, decision, decided_at)
        held = Held(snapshot, copy(candidate))
        if is_first:
            self._relabel()
            self._rollout.crown(by_people=meeting.by_people)
            return Outcome(decision, snapshot, self._crown(held, decision))
        if self._rollout.is_on:
            self._rollout.begin(held, by_people=meeting.by_people)
            return Outcome(decision, snapshot, None, self._trial_record(decision, share=0.0))
        # Rollouts may have been on before: their evidence is about the champion that is replaced here.
        self._rollout.end()
        self._relabel()
        return Outcome(decision, snapshot, self._crown(held, decision))

    def advance(self, decided_at: float) -> Outcome | None:
        """What is to be decided or published after an example, if anything: to be asked after each."""
        outcome = self.step(decided_at)
        if outcome is not None:
            return outcome
        if self.meeting_is_due:
            return self.meet(decided_at)
        counts, config = self._counts, self.config
        age_s = decided_at - counts.published_at
        if not counts.tells or not is_due(
            counts.since_published, age_s, counts.examples, config.refresh_every, config.refresh_every_s
        ):
            return None
        return self.refresh(decided_at)

    def refresh(self, decided_at: float) -> Outcome:
        """Publishes what the learner knows by now: as the champion, where it is that one's learner and no worse."""
        candidate, counts = self.build(), self._counts
        if not self._may_refresh():
            return Outcome(None, None, None, draft=self._snapshot(candidate, None, decided_at))
        newest = self._judges(len(self._window))
        # What was answered while it was doubted says nothing for the learner, which has learned it.
        fresh = self._judges(min(counts.since_crowned, counts.since_doubt)) if counts.since_doubt else []
        is_after_doubt = counts.since_doubt < counts.since_crowned
        against, figures = objections(fresh, newest, self.config.bounds, is_after_doubt=is_after_doubt)
        if doubts(newest, self.config.bounds):
            counts.since_doubt = 0
        elif len(fresh) < ENOUGH and counts.since_doubt < counts.since_crowned:
            against.append("too few answers since they contradicted the champion on both sides")
        version = str(counts.trained_to)
        if against:
            decision = self._next_decision("refusal", version, why(figures, against), figures, decided_at)
            draft = self._snapshot(candidate, None, decided_at)
            return Outcome(decision, None, None, draft=draft, forgotten=self._refused(decision))
        spoken = self._thresholds()
        told = f"{why(figures, ())} {spoken.why(self.config.false_positive_rate)}"
        decision = self._next_decision("refresh", version, told, figures | spoken.figures(), decided_at)
        snapshot = self._snapshot(candidate, decision, decided_at)
        by_people = sum(judged.people for judged in self._window) >= self.config.bounds.minimum_people
        self._rollout.refresh(self._held, self.config.every, by_people=by_people)
        self._relabel()
        champion = self._crown(Held(snapshot, copy(candidate)), decision)
        counts.refreshes.append(Published(version, decision.number, decided_at))
        in_use = {held.snapshot.version for held in self._versions().values() if held is not None}
        counts.refreshes, gone = superseded(counts.refreshes, in_use, decided_at)
        forgotten = [key for one in gone for key in (f"{MODEL_ID}/{one.version}", f"decision/{one.decision}")]
        return Outcome(decision, snapshot, champion, forgotten=tuple(forgotten))

    def step(self, decided_at: float) -> Outcome | None:
        """What the answers since the gate's decision call for, if anything: the next stage, or the way back."""
        rollout = self._rollout
        if rollout.trial is None and rollout.reign is None:
            return None
        step = rollout.due()
        if step is None or self._is_in_doubt():
            return None
        if step == "rollback":
            return self._roll_back(rollout.previous, decided_at)
        return self._go_on(step, rollout.challenger, decided_at) if rollout.challenger is not None else None

    def _go_on(self, step: Step, held: Held, decided_at: float) -> Outcome:
        """The next stage of a trial, or its end."""
        rollout = self._rollout
        decision = self._step_decision(step, held.snapshot.version, decided_at)
        if step == "share":
            rollout.share()
            return Outcome(decision, None, None, self._trial_record(decision, share=self.config.trial_share))
        if step == "withdrawal":
            record = self._trial_record(decision, share=0.0).model_copy(update={"version": None})
            rollout.end_trial()
            self._counts.by_people, self._counts.by_all = Evidence(), Evidence()
            return Outcome(decision, None, None, record)
        rollout.promote(self._held)
        if not is_retrained(held.snapshot.version):
            self._relabel()
            return Outcome(decision, None, self._crown(held, decision))
        # What it would have predicted before its shadow stage is not known.
        self._window = deque((one for one in self._window if one.challenger is not None), maxlen=self.config.window)
        self._relabel()
        champion = self._crown(held, decision, is_in_line=False)
        # The learner is another model: it takes the place of this one through the gate alone.
        self._counts.may_resume = False
        return Outcome(decision, None, champion)

    def _roll_back(self, held: Held | None, decided_at: float) -> Outcome:
        """The version before scores again; where there was none, none does: better than one that is worse than that."""
        counts = self._counts
        decision = self._step_decision("rollback", held.snapshot.version if held is not None else "", decided_at)
        self._rollout.end()
        self._window.clear()
        counts.since_meeting = 0
        if held is not None:
            # Written again, so that workers that have let go of it get it beside the pointer.
            return Outcome(decision, held.snapshot, self._crown(held, decision, is_in_line=False))
        self._champion = self._held = counts.champion = None
        counts.is_in_line = False
        counts.vacant_since = decision.number
        counts.by_people, counts.by_all = Evidence(), Evidence()
        return Outcome(decision, None, Champion(id=MODEL_ID, version="", decision=decision.number, signature=""))

    def _step_decision(self, step: Step, version: str, decided_at: float) -> Decision:
        rollout = self._rollout
        return self._next_decision(step, version, rollout.why(step), rollout.figures(step), decided_at)

    def follow(self, scorer: Scorer | None, last_decision: int) -> bool:
        """Takes over what was decided elsewhere since, by a person's hand, and says whether there was something.

        The window starts anew then: what was decided against must not come back on the figures of yesterday.
        """
        counts = self._counts
        counts.next_decision = max(counts.next_decision, last_decision + 1)
        known = counts.champion
        if scorer is None or scorer.decision <= (known[3] if known is not None else counts.vacant_since):
            return False
        self.build()
        self._champion = copy(scorer.model)
        self._held = Held(scorer.snapshot, self._champion) if scorer.snapshot is not None else None
        self._rollout.end()
        counts.is_in_line = counts.may_resume = False
        counts.champion = (scorer.ref.id, scorer.ref.version, scorer.learned_from, scorer.decision)
        self._window.clear()
        counts.by_people, counts.by_all = Evidence(), Evidence()
        return True

    @property
    def learner(self) -> Scorer | None:
        """The learner itself, with all that it has learned; None before it has an opinion that is worth a record.

        It must be asked before it learns on: unlike a snapshot it is not frozen.
        """
        counts = self._counts
        if not counts.tells or counts.examples < FIRST:
            return None
        ref = ModelRef(id=MODEL_ID, version=str(counts.trained_to))
        return Scorer(ref, learned_from(counts), -1, self.build())

    def take_retrained(self, snapshot: Snapshot, decided_at: float) -> Outcome | None:
        """Puts a version that a workflow trained into shadow, or refuses it; once for each version.

        None while another version is in its rollout: ask again. The champion's own version needs no rollout.
        """
        counts = self._counts
        if snapshot.version in counts.retrained or self._rollout.trial is not None:
            return None
        counts.retrained.append(snapshot.version)
        if counts.champion is not None and counts.champion[1] == snapshot.version:
            return None
        forgotten = self._forget_retrained()
        admitted = admit(snapshot, has_rollouts=self._rollout.is_on)
        if isinstance(admitted, str):
            refusal = self._next_decision("refusal", snapshot.version, admitted, snapshot.figures, decided_at)
            return Outcome(refusal, None, None, forgotten=(*forgotten, *self._refused(refusal)))
        self.build()
        by_people = sum(judged.people for judged in self._window) >= self.config.bounds.minimum_people
        self._rollout.begin(admitted, by_people=by_people)
        decision = self._next_decision(
            "shadow", snapshot.version, why_in_shadow(snapshot), snapshot.figures, decided_at
        )
        # Written again, so that workers that have let go of it get it beside the pointer.
        return Outcome(decision, snapshot, None, self._trial_record(decision, share=0.0), forgotten=forgotten)

    def candidate_state(self) -> dict[str, Any]:
        """All that the candidate has learned."""
        return self.build().state()

    def qualities(self) -> dict[str, Quality]:
        """Prequential quality on the newest window by role; without a role that did not predict all of it.

        Nothing while all examples wait: the AUC of labels of one kind is no figure.
        """
        if not self._window:
            return {}
        from models.gate.quality import measure  # noqa: PLC0415 -- imports numpy, see `models.families.regression`

        labels = [judged.bad for judged in self._window]
        found = {
            "candidate": measure([judged.candidate for judged in self._window], labels),
            "baseline": measure([judged.baseline for judged in self._window], labels),
        }
        by_champion = [judged.champion for judged in self._window if judged.champion is not None]
        if len(by_champion) == len(labels):
            found["champion"] = measure(by_champion, labels)
        return found

    def recall(self) -> Interval | None:
        """How much of the abuse the cascade flags, by answers about the random sample; None without a bad one in it."""
        found = [flagged for _, flagged, bad in self._counts.sampled if bad]
        if not found:
            return None
        from models.labels.recall import share_interval  # noqa: PLC0415 -- imports numpy, see `models.families.regression`

        return share_interval(sum(found), len(found))

    def doubted(self) -> dict[str, float]:
        """Sources whose answers count for less, with what they count."""
        return self._counts.trust.doubted()

    def entries(self) -> dict[str, bytes]:
        """The whole state, by part; `restore` takes it back exactly."""
        candidate = self.build()
        self._counts.window = list(self._window)
        self._counts.trial, self._counts.reign = self._rollout.trial, self._rollout.reign
        parts = {
            "counts": msgspec.json.encode(self._counts),
            "candidate": to_bytes(candidate),
            "baseline": to_bytes(self._baseline),
        }
        if self._champion is not None and self._held is None:
            parts["champion"] = to_bytes(self._champion)
        for name, held in self._versions().items():
            parts[name] = encode(held.snapshot) if held is not None else b""
        return parts

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Takes back what `entries` gave.

        A candidate of another family or other hyper-parameters than the configuration's stays as it is until the model
        is rebuilt from the training topic.

        Raises:
            SnapshotError: it can't be read.
        """
        if not entries:
            return
        try:
            self._counts = msgspec.json.decode(entries["counts"], type=Counts)
            self._counts.tells |= bool(self._counts.people or self._counts.champion)
            self._built = from_bytes(entries["candidate"])
            self._waiting.clear()
            baseline = from_bytes(entries["baseline"])
        except (KeyError, msgspec.DecodeError) as error:
            raise SnapshotError("The trainer's state can't be read.", _REBUILD) from error
        if not isinstance(baseline, PriorRate):
            raise SnapshotError("The trainer's state names another baseline.", _REBUILD)
        self._baseline = baseline
        versions = {name: _held(entries.get(name, b"")) for name in self._versions()}
        self._held = versions["held"]
        if self._held is not None:
            self._champion = self._held.model
        else:
            self._champion = from_bytes(entries["champion"]) if "champion" in entries else None
        self._rollout.challenger, self._rollout.previous = versions["challenger"], versions["previous"]
        self._rollout.trial, self._rollout.reign = self._counts.trial, self._counts.reign
        self._window = deque(self._counts.window, maxlen=self.config.window)

    def _hear(self, example: TrainingExample) -> float:
        """What the answer is worth, as far as its source is known."""
        is_bad, weak = example.label == "bad", is_weak(example.source)
        if not weak and is_in_sample(example.session_id, self.config.sample_share):
            sampled = self._counts.sampled
            # A session counts once, as it was answered last.
            sampled[:] = [one for one in sampled if one[0] != example.session_id][-SAMPLED + 1 :]
            sampled.append((example.session_id, example.verdict not in {None, "allow"}, is_bad))
        # By the score on record, not the champion of today: what is learned depends on the training topic alone.
        return self._counts.trust.hear(
            example.session_id, example.source, bad=is_bad, is_weak=weak, champion=example.score
        )

    def _learn(self, candidate: Model, example: TrainingExample, worth: float, *, is_first: bool = True) -> None:
        """Predicts the example by all, then lets candidate and baseline learn it."""
        bad, features = example.label == "bad", example.features
        judged = self._judge(candidate, example, is_believed=worth >= LEAST_WORTH)
        self._window.append(judged)
        if judged.people and is_first:
            kept, most = (self._counts.bad_scores, KEPT_BAD) if bad else (self._counts.benign_scores, KEPT_BENIGN)
            kept.append(judged.candidate)
            del kept[:-most]
        self._weigh(judged)
        self._rollout.watch(judged, features)
        # A weight of 0 teaches nothing, as it should.
        candidate.learn_one(features, bad=bad, weight=example.weight * worth)
        self._baseline.learn_one(features, bad=bad, weight=example.weight * worth)

    def _judge(self, model: Model, example: TrainingExample, *, is_believed: bool) -> Judged:
        features = example.features
        challenger = self._rollout.challenger
        begun_s = self._clock() if self._clock is not None else 0.0
        candidate = model.predict_one(features)
        if self._clock is not None:
            self._spent_s += self._clock() - begun_s
            self._timed += 1
        return Judged(
            bad=example.label == "bad",
            people=is_believed and not is_weak(example.source),
            candidate=candidate,
            champion=self._champion.predict_one(features) if self._champion else None,
            baseline=self._baseline.predict_one(features),
            segment=str(features.get(self.config.segments, "")),
            challenger=challenger.model.predict_one(features) if challenger is not None else None,
        )

    def _weigh(self, judged: Judged) -> None:
        """Lets the gamblers bet on the candidate against whom it wants to follow."""
        rival = judged.baseline if judged.champion is None else judged.champion
        lead = squared_error(rival, bad=judged.bad) - squared_error(judged.candidate, bad=judged.bad)
        self._counts.by_all.add(lead)
        if judged.people:
            self._counts.by_people.add(lead)

    def _may_refresh(self) -> bool:
        counts = self._counts
        resumes = counts.may_resume and counts.since_crowned >= self.config.every
        return self._rollout.trial is None and (counts.is_in_line or resumes)

    def _refused(self, decision: Decision) -> tuple[str, ...]:
        """Keeps the refusal on record; the key of the one that goes for it."""
        refusals = self._counts.refusals
        refusals.append(decision.number)
        return (f"decision/{refusals.pop(0)}",) if len(refusals) > KEPT_REFUSALS else ()

    def _forget_retrained(self) -> tuple[str, ...]:
        """Keys of the oldest retrained versions' records, as far as they are neither in use nor among those kept."""
        in_use = {held.snapshot.version for held in self._versions().values() if held is not None}
        old = [version for version in self._counts.retrained[:-KEPT_RETRAINED] if version not in in_use]
        self._counts.retrained = [version for version in self._counts.retrained if version not in old]
        return tuple(f"{MODEL_ID}/{version}" for version in old)

    def _snapshot(self, model: Model, decision: Decision | None, at: float) -> Snapshot:
        """What the learner knows; the next one is due from here."""
        self._counts.since_published, self._counts.published_at = 0, at
        return snapshot_of(model, decision, at, self._counts, self._thresholds())

    def _thresholds(self) -> Thresholds:
        counts = self._counts
        return thresholds(counts.benign_scores, counts.bad_scores, self.config.false_positive_rate)

    def _judges(self, newest: int) -> list[Judged]:
        """Those of the newest answers that judge: people's, where the window has enough of them, else all."""
        by_people = sum(judged.people for judged in self._window) >= self.config.bounds.minimum_people
        recent = list(self._window)[-newest:] if newest else []
        return [judged for judged in recent if judged.people or not by_people]

    def _crown(self, held: Held, decision: Decision, *, is_in_line: bool = True) -> Champion:
        """Makes a version champion, here; the record does so elsewhere."""
        counts, snapshot = self._counts, held.snapshot
        self._champion, self._held = held.model, held
        counts.champion = (snapshot.id, snapshot.version, snapshot.learned_from, decision.number)
        counts.by_people, counts.by_all = Evidence(), Evidence()
        counts.is_in_line, counts.may_resume, counts.since_crowned = is_in_line, not is_in_line, 0
        return Champion(id=snapshot.id, version=snapshot.version, decision=decision.number, signature="")

    def _relabel(self) -> None:
        # The champion is the candidate as it was: what that one predicted is what this one is measured by.
        promoted = [
            msgspec.structs.replace(
                judged,
                champion=judged.candidate if judged.challenger is None else judged.challenger,
                challenger=None,
            )
            for judged in self._window
        ]
        self._window = deque(promoted, maxlen=self.config.window)

    def _is_in_doubt(self) -> bool:
        judges = [judged for judged in self._window if judged.people] or list(self._window)
        return bool(contradicted(judges, self.config.bounds))

    def _versions(self) -> dict[str, Held | None]:
        return {"held": self._held, "challenger": self._rollout.challenger, "previous": self._rollout.previous}

    def _decision(self, meeting: Meeting, decided_at: float, *, is_first: bool) -> Decision:
        kind: Kind = "refusal"
        if meeting.promote:
            # Nobody scores before a first champion does, so that it replaces nobody who would have to be protected.
            kind = "shadow" if self._rollout.is_on and not is_first else "promotion"
        figures = meeting.figures | {f"worth of {source}": worth for source, worth in self._most_doubted()}
        version, told = str(self._counts.trained_to), meeting.why
        if meeting.promote:
            spoken = self._thresholds()
            figures |= spoken.figures()
            told = f"{told} {spoken.why(self.config.false_positive_rate)}"
        return self._next_decision(kind, version, told, figures, decided_at)

    def _next_decision(
        self,
        kind: Kind,
        version: str,
        why: str,
        figures: dict[str, float],
        at: float,
    ) -> Decision:
        previous = self._counts.champion
        number = self._counts.next_decision
        self._counts.next_decision = number + 1
        return Decision(
            kind=kind,
            number=number,
            id=MODEL_ID,
            version=version,
            previous_version=previous[1] if previous else None,
            decided_by="gate",
            why=why,
            figures=figures,
            decided_at=at,
            signature="",
        )

    def _trial_record(self, decision: Decision, share: float) -> Trial:
        return Trial(id=decision.id, version=decision.version, share=share, decision=decision.number, signature="")

    def _most_doubted(self) -> list[tuple[str, float]]:
        return sorted(self.doubted().items(), key=lambda one: one[1])[:_MOST_DOUBTED]


def _held(data: bytes) -> Held | None:
    try:
        return Held.of(Snapshot.model_validate_json(data)) if data else None
    except ValidationError as error:
        raise SnapshotError("A version in the trainer's state can't be read.", _REBUILD) from error


_REBUILD = "Delete the stage's state topic: the model is then rebuilt from the training topic."
