"""The champion as a worker has it: swapped whole when a verified one arrives, kept whatever else arrives."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from models.families.base import Features, Model
from models.families.frozen import Predictor, frozen
from models.features.registry import FEATURES_VERSION
from models.labels.sampling import is_in_trial
from models.serving.snapshot import is_retrained, model_of, verify
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.contracts.score import ModelRef
from weir.errors import SnapshotError

_KEPT_SNAPSHOTS = 4
"""A promotion's records lie side by side; whoever goes back to an older version writes its snapshot again."""
UNSAID_BLOCK, UNSAID_REVIEW = 0.95, 0.8
"""Thresholds of snapshots that bring none: those of before there were any."""
Refusal = Literal["unverified", "unreadable", "features_version"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model that scores and never learns."""

    ref: ModelRef
    learned_from: Literal["people", "weak", "both"]
    decision: int
    """Number of the decision that made it champion."""
    model: Model
    snapshot: Snapshot | None = None
    """The record that it came in."""
    quick: Predictor | None = None
    """The model in a form that scores faster."""

    @classmethod
    def of(cls, snapshot: Snapshot, decision: int) -> Scorer:
        """The model in a snapshot that was verified.

        Raises:
            SnapshotError: it can't be read here.
        """
        model = model_of(snapshot)
        ref = ModelRef(id=snapshot.id, version=snapshot.version)
        return cls(ref, snapshot.learned_from, decision, model, snapshot, frozen(model))

    @property
    def block_from(self) -> float | None:
        """Score from which it blocks; None: it blocks nobody."""
        if self.snapshot is None or self.snapshot.review_from is None:
            return UNSAID_BLOCK
        return self.snapshot.block_from

    @property
    def review_from(self) -> float:
        """Score from which it asks a person."""
        said = self.snapshot.review_from if self.snapshot is not None else None
        return UNSAID_REVIEW if said is None else said

    def score(self, features: Features) -> float:
        """Probability of abuse."""
        return (self.quick or self.model).predict_one(features)


@dataclass(frozen=True, slots=True)
class Challenger:
    """A version that passed the gate, and on its way scores for a share of the visitors, or for none."""

    scorer: Scorer
    share: float


class ChampionHolder:
    """Follows the models topic and holds the newest champion that could be verified.

    Records may come in any order: a pointer waits for its snapshot. A record that is refused changes nothing, and is
    counted in `refusals` by reason. One holder serves all tasks of a process; it swaps by a single assignment.
    """

    def __init__(self, key: bytes | None) -> None:
        self.scorer: Scorer | None = None
        """Scores now; None until a first champion came."""
        self.challenger: Challenger | None = None
        """On its way to be champion."""
        self.retrained: Snapshot | None = None
        """The newest version that a workflow trained, whatever was decided about it."""
        self.learner: Callable[[], Scorer | None] | None = None
        """Gives the learner itself, where it is at hand: in a replay, which is one process in one order."""
        self.refusals: Counter[Refusal] = Counter()
        """Records not taken since the start, by reason."""
        self.last_decision = -1
        """Greatest number of a decision seen."""
        self._unreported: Counter[Refusal] = Counter()
        self._key = key
        self._snapshots: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
        self._wanted: Champion | None = None
        self._trial: Trial | None = None
        self._draft: Snapshot | None = None
        self._drafted_to = self._published_to = -1
        """Offsets that the newest draft, and the newest version that was decided on, were trained to."""
        self._drafted: Scorer | None = None
        """The newest draft, as a model from when it is first asked."""

    def offer(self, key: bytes, value: bytes | None) -> None:
        """Takes a record of the models topic; one that was deleted takes nothing away."""
        if value is None:
            return
        try:
            record = verify(key, value, self._key)
        except SnapshotError as error:
            self._refuse("unverified", error)
            return
        if isinstance(record, Decision):
            self.last_decision = max(self.last_decision, record.number)
            return
        if isinstance(record, Snapshot):
            if not self._keep(record):
                return
        elif isinstance(record, Trial):
            # An older pointer, signed as it may be, is a replay of a decision that has been overruled.
            if self._trial is None or record.decision > self._trial.decision:
                self._trial = record
        elif self._wanted is None or record.decision > self._wanted.decision:
            self._wanted = record
        self._swap()
        self._try()

    def _keep(self, snapshot: Snapshot) -> bool:
        """Holds a snapshot until a pointer names it; whether one may: nobody decides on a draft."""
        if snapshot.draft:
            if snapshot.trained_to_offset > self._published_to:
                self._draft, self._drafted, self._drafted_to = snapshot, None, snapshot.trained_to_offset
            return False
        if is_retrained(snapshot.version):
            self.retrained = snapshot
        else:
            self._published_to = max(self._published_to, snapshot.trained_to_offset)
        if self._drafted_to <= self._published_to:
            # A version that was decided on knows as much: the draft is old.
            self._draft = self._drafted = None
        self._snapshots[snapshot.id, snapshot.version] = snapshot
        if len(self._snapshots) > _KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return True

    def scorer_for(self, visitor_id: str) -> Scorer | None:
        """Who scores this visitor's sessions: the champion, or the challenger for its share of the visitors."""
        challenger = self.challenger
        if challenger is not None and challenger.share > 0:
            scorer = challenger.scorer
            if is_in_trial(visitor_id, scorer.ref.version, challenger.share):
                return scorer
        return self.scorer

    def opinion(self) -> Scorer | None:
        """What the learner says by now, whoever scores: itself, or its newest version that was published."""
        if self.learner is not None:
            return self.learner()
        draft = self._draft
        if draft is not None:
            # What can't be read is refused once.
            self._drafted, self._draft = self._made(draft, -1), None
        return self._drafted

    def take_refusals(self) -> Counter[Refusal]:
        """Refusals since the last call, so that one of the tasks that share the holder counts each."""
        taken, self._unreported = self._unreported, Counter()
        return taken

    def _swap(self) -> None:
        wanted = self._wanted
        if wanted is None or (self.scorer is not None and self.scorer.decision == wanted.decision):
            return
        if not wanted.version:
            if self.scorer is not None:
                _log.warning("No model scores from now on (decision %d).", wanted.decision)
            self.scorer = None
            return
        scorer = self._scorer(wanted.id, wanted.version, wanted.decision)
        if scorer is not None:
            self.scorer = scorer
            _log.info("Model %s %s scores from now on (decision %d).", wanted.id, wanted.version, wanted.decision)

    def _try(self) -> None:
        trial, champion = self._trial, self._wanted
        # A champion decided on later, by the gate or by a person, ends the trial.
        if trial is None or trial.version is None or (champion is not None and champion.decision > trial.decision):
            self.challenger = None
            return
        known = self.challenger
        if known is not None and known.scorer.decision == trial.decision:
            return
        scorer = self._scorer(trial.id, trial.version, trial.decision)
        self.challenger = Challenger(scorer, trial.share) if scorer is not None else None

    def _scorer(self, id_: str, version: str, decision: int) -> Scorer | None:
        known = self.challenger
        if known is not None and known.scorer.ref.version == version:
            return replace(known.scorer, decision=decision)
        snapshot = self._snapshots.get((id_, version))
        return self._made(snapshot, decision) if snapshot is not None else None

    def _made(self, snapshot: Snapshot, decision: int) -> Scorer | None:
        if snapshot.features_version != FEATURES_VERSION:
            self._refuse("features_version", f"it knows features {snapshot.features_version}, not {FEATURES_VERSION}")
            return None
        try:
            return Scorer.of(snapshot, decision)
        except SnapshotError as error:
            self._refuse("unreadable", error)
            return None

    def _refuse(self, reason: Refusal, why: object) -> None:
        self.refusals[reason] += 1
        self._unreported[reason] += 1
        _log.warning("A model record was refused, the last good champion stays: %s", why)
