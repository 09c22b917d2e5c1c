"""The champion as a worker has it: swapped whole when a verified one arrives, kept whatever else arrives."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Literal

from models.base import Features, Model
from models.features.registry import FEATURES_VERSION
from models.snapshot import model_of, verify
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.contracts.score import ModelRef
from weir.errors import SnapshotError

_KEPT_SNAPSHOTS = 4
"""A promotion's records lie side by side; whoever goes back to an older version writes its snapshot again."""
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

    def score(self, features: Features) -> float:
        """Probability of abuse."""
        return self.model.predict_one(features)


class ChampionHolder:
    """Follows the models topic and holds the newest champion that could be verified.

    Records may come in any order: a pointer waits for its snapshot. A record that is refused changes nothing, and is
    counted in `refusals` by reason. One holder serves all tasks of a process; it swaps by a single assignment.
    """

    def __init__(self, key: bytes | None) -> None:
        self.scorer: Scorer | None = None
        """Scores now; None until a first champion came."""
        self.refusals: Counter[Refusal] = Counter()
        """Records not taken since the start, by reason."""
        self.last_decision = -1
        """Greatest number of a decision seen."""
        self._unreported: Counter[Refusal] = Counter()
        self._key = key
        self._snapshots: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
        self._wanted: Champion | None = None

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
            self._snapshots[record.id, record.version] = record
            if len(self._snapshots) > _KEPT_SNAPSHOTS:
                self._snapshots.popitem(last=False)
        # An older pointer, signed as it may be, is a replay of a decision that has been overruled.
        elif self._wanted is None or record.decision > self._wanted.decision:
            self._wanted = record
        self._swap()

    def take_refusals(self) -> Counter[Refusal]:
        """Refusals since the last call, so that one of the tasks that share the holder counts each."""
        taken, self._unreported = self._unreported, Counter()
        return taken

    def _swap(self) -> None:
        wanted = self._wanted
        if wanted is None or (self.scorer is not None and self.scorer.decision == wanted.decision):
            return
        snapshot = self._snapshots.get((wanted.id, wanted.version))
        if snapshot is None:
            return
        if snapshot.features_version != FEATURES_VERSION:
            self._refuse("features_version", f"it knows features {snapshot.features_version}, not {FEATURES_VERSION}")
            return
        try:
            model = model_of(snapshot)
        except SnapshotError as error:
            self._refuse("unreadable", error)
            return
        ref = ModelRef(id=wanted.id, version=wanted.version)
        self.scorer = Scorer(ref, snapshot.learned_from, wanted.decision, model)
        _log.info("Model %s %s scores from now on (decision %d).", ref.id, ref.version, wanted.decision)

    def _refuse(self, reason: Refusal, why: object) -> None:
        self.refusals[reason] += 1
        self._unreported[reason] += 1
        _log.warning("A model record was refused, the last good champion stays: %s", why)
