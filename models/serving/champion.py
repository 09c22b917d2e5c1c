"""The champion in a worker: replaced as a whole by a verified newer one, and by nothing else."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from models.families.base import Features, Model
from models.families.frozen import Predictor, frozen
from models.features.registry import FEATURES_VERSION
from models.labels.sampling import is_in_rollout
from models.serving.snapshot import is_retrained, model_of, verify
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.contracts.score import ModelRef
from weir.errors import SnapshotError

_KEPT_SNAPSHOTS = 4
"""Newest snapshots that are kept. A promotion's records are neighbours, and a rollback writes the snapshot again."""
DEFAULT_BLOCK, DEFAULT_REVIEW = 0.95, 0.8
"""Thresholds of snapshots without any, which older versions of Weir wrote."""
Refusal = Literal["unverified", "unreadable", "features_version"]
"""Why a record is refused, as in the label of the metric."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model that scores and never learns, with the version and thresholds of its snapshot."""

    ref: ModelRef
    """Id and version, as records of scores carry them."""
    learned_from: Literal["people", "weak", "both"]
    """Which labels the model has learned."""
    decision: int
    """Number of the decision that made it champion."""
    model: Model
    """The model."""
    snapshot: Snapshot | None = None
    """The record that the model was read from."""
    quick: Predictor | None = None
    """The read-only form of the model, which scores faster."""

    @classmethod
    def of(cls, snapshot: Snapshot, decision: int) -> Scorer:
        """Builds a scorer.

        Args:
            snapshot: A verified snapshot.
            decision: Number of the decision that made the version champion or challenger.

        Raises:
            SnapshotError: the family is unknown, or the payload is not a state of it.
        """
        model = model_of(snapshot)
        ref = ModelRef(id=snapshot.id, version=snapshot.version)
        return cls(ref, snapshot.learned_from, decision, model, snapshot, frozen(model))

    @property
    def block_from(self) -> float | None:
        """Score from which the verdict is `block`; None if the model blocks no session."""
        if self.snapshot is None or self.snapshot.review_from is None:
            return DEFAULT_BLOCK
        return self.snapshot.block_from

    @property
    def review_from(self) -> float:
        """Score from which the verdict is `review`."""
        declared = self.snapshot.review_from if self.snapshot is not None else None
        return DEFAULT_REVIEW if declared is None else declared

    def score(self, features: Features) -> float:
        """Probability of abuse, from 0 to 1."""
        return (self.quick or self.model).predict_one(features)


@dataclass(frozen=True, slots=True)
class Challenger:
    """A version in its rollout."""

    scorer: Scorer
    """The version's model."""
    share: float
    """Share of the visitors that it scores for, from 0 to 1; 0 in the stage `shadow`."""


class ChampionHolder:
    """Follows the models topic and holds the newest verified champion and challenger.

    Records may arrive in any order: a pointer waits for its snapshot. A refused record changes nothing, and is counted
    in `refusals` by reason. All tasks of a process share one holder, so it replaces a scorer by a single assignment.

    Args:
        key: Secret key of the signatures; None refuses every record.

    Example:
        >>> holder = ChampionHolder(b"secret")
        >>> holder.scorer_for("v1") is None
        True
    """

    def __init__(self, key: bytes | None) -> None:
        self.scorer: Scorer | None = None
        """The champion; None before the first one, and after it was taken back."""
        self.challenger: Challenger | None = None
        """The version in its rollout."""
        self.retrained: Snapshot | None = None
        """The newest version that a workflow trained, with or without a decision about it."""
        self.learner: Callable[[], Scorer | None] | None = None
        """Returns the learner itself, in a replay, where trainer and scorer share one process; None elsewhere."""
        self.refusals: Counter[Refusal] = Counter()
        """Refused records since the start, by reason."""
        self.last_decision = -1
        """Greatest number of a decision so far; -1 before the first."""
        self._unreported: Counter[Refusal] = Counter()
        self._key = key
        self._snapshots: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
        self._wanted: Champion | None = None
        self._trial: Trial | None = None
        self._draft: Snapshot | None = None
        self._drafted_to = self._published_to = -1
        """Training offsets of the newest draft, and of the newest version with a decision."""
        self._drafted: Scorer | None = None
        """The newest draft as a model, built when `opinion` is first called."""

    def offer(self, key: bytes, value: bytes | None) -> None:
        """Takes a record of the models topic.

        Args:
            key: Key of the record.
            value: Value of the record; tombstones (None) are ignored.
        """
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
            # An older pointer repeats a decision that a newer one has replaced, even if its signature is valid.
            if self._trial is None or record.decision > self._trial.decision:
                self._trial = record
        elif self._wanted is None or record.decision > self._wanted.decision:
            self._wanted = record
        self._swap()
        self._follow_rollout()

    def _keep(self, snapshot: Snapshot) -> bool:
        """Keeps a snapshot for a pointer to it. Returns whether there may be one: no decision is about a draft."""
        if snapshot.draft:
            if snapshot.trained_to_offset > self._published_to:
                self._draft, self._drafted, self._drafted_to = snapshot, None, snapshot.trained_to_offset
            return False
        if is_retrained(snapshot.version):
            self.retrained = snapshot
        else:
            self._published_to = max(self._published_to, snapshot.trained_to_offset)
        if self._drafted_to <= self._published_to:
            # A version with a decision has learned as many examples: the draft is outdated.
            self._draft = self._drafted = None
        self._snapshots[snapshot.id, snapshot.version] = snapshot
        if len(self._snapshots) > _KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return True

    def scorer_for(self, visitor_id: str) -> Scorer | None:
        """The scorer of a visitor's sessions.

        Args:
            visitor_id: Id of the visitor.

        Returns:
            The challenger for its share of the visitors, the champion for all others; None without a champion.
        """
        challenger = self.challenger
        if challenger is not None and challenger.share > 0:
            scorer = challenger.scorer
            if is_in_rollout(visitor_id, scorer.ref.version, challenger.share):
                return scorer
        return self.scorer

    def opinion(self) -> Scorer | None:
        """The learner's present model, whichever version scores.

        Returns:
            The learner itself in a replay, otherwise its newest published draft; None without one.
        """
        if self.learner is not None:
            return self.learner()
        draft = self._draft
        if draft is not None:
            # Cleared in any case: an unreadable draft is refused once.
            self._drafted, self._draft = self._build(draft, -1), None
        return self._drafted

    def take_refusals(self) -> Counter[Refusal]:
        """Returns the refusals since the last call, by reason.

        Several tasks share the holder; each refusal is returned to one of them.
        """
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

    def _follow_rollout(self) -> None:
        trial, champion = self._trial, self._wanted
        # A later decision about the champion, by the gate or by a person, ends the rollout.
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
        return self._build(snapshot, decision) if snapshot is not None else None

    def _build(self, snapshot: Snapshot, decision: int) -> Scorer | None:
        if snapshot.features_version != FEATURES_VERSION:
            self._refuse(
                "features_version", f"its features have version {snapshot.features_version}, not {FEATURES_VERSION}"
            )
            return None
        try:
            return Scorer.of(snapshot, decision)
        except SnapshotError as error:
            self._refuse("unreadable", error)
            return None

    def _refuse(self, reason: Refusal, why: object) -> None:
        self.refusals[reason] += 1
        self._unreported[reason] += 1
        _log.warning("A model record was refused, the champion stays: %s", why)
