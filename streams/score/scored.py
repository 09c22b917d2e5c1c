"""A session's revision with its features and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.features import FEATURES_VERSION, features, features_hash
from models.serving.champion import Scorer
from rules.heuristics.weighing import Weighed
from weir.contracts import Session
from weir.contracts.fast import encode
from weir.contracts.flag import Stage, Verdict
from weir.contracts.score import FeatureValue
from weir.kafka.records import Output
from weir.topics import SCORES


@dataclass(frozen=True, slots=True)
class ScoredSession:
    """A session with the features that the model got and the score that it gave; None without a model."""

    session: Session
    features: dict[str, FeatureValue]
    features_hash: str
    score: float | None
    scorer: Scorer | None
    unusual: float | None = None
    """Anomaly score of a closed session, in standard deviations; None if there is none."""

    @classmethod
    def of(cls, session: Session, scorer: Scorer | None) -> ScoredSession:
        """Computes the features and, if there is a model, the score."""
        found = features(session)
        return cls(session, found, features_hash(found), scorer.score(found) if scorer else None, scorer)

    def by(self, scorer: Scorer) -> ScoredSession:
        """The same features, scored by another model."""
        return replace(self, score=scorer.score(self.features), scorer=scorer)

    def output(
        self,
        verdict: Verdict | None = None,
        stage: Stage | None = None,
        *,
        is_acted_on: bool = True,
        rules: Sequence[Weighed] = (),
    ) -> Output:
        """The record of `weir.scores`, with the cascade's verdict on the revision and the heuristic rules that held."""
        session = self.session
        record = {
            "session_id": session.session_id,
            "visitor_id": session.visitor_id,
            "revision": session.revision,
            "ts": session.end,
            "start": session.start,
            "final": session.final,
            "features": self.features,
            "features_version": FEATURES_VERSION,
            "features_hash": self.features_hash,
            "score": self.score,
            "model": self.scorer.ref if self.scorer else None,
            "champion": is_acted_on,
            "verdict": verdict,
            "stage": stage,
            "merged_into": session.merged_into,
            "rules": [one.id for one in rules],
            "rules_alone": [one.id for one in rules if one.is_alone],
            "unusual": self.unusual,
        }
        return Output(SCORES, session.visitor_id.encode(), encode(record))
