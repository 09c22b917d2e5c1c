"""What was computed of a session's last revision, for the next one if nothing but its number is new.

A session is published at each of its events and once more when it closes: its last revision tells what the one before
told already, and of a session of one event, that is half of all work.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

from models.serving.champion import Scorer
from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns
from streams.score.scored import ScoredSession
from weir.contracts import Session
from weir.contracts.score import FeatureValue, ModelRef

MOST = 2_000
"""Sessions that are remembered, of 8 kB each; of more, those that changed longest ago are forgotten."""


class Revision:
    """A session's content, with what was computed of it so far."""

    __slots__ = ("_features", "_features_hash", "_heard", "_model", "_patterns", "_score", "content")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._features: dict[str, FeatureValue] | None = None
        self._features_hash = ""
        self._model: ModelRef | None = None
        self._score: float | None = None
        self._patterns: Patterns | None = None
        self._heard: HeuristicEvidence | None = None

    def scored(self, session: Session, scorer: Scorer | None) -> ScoredSession:
        """The session with its features and its score; asks a model once."""
        features = self._features
        if features is None:
            scored = ScoredSession.of(session, scorer)
            self._features, self._features_hash = scored.features, scored.features_hash
        elif scorer is not None and scorer.ref == self._model:
            return ScoredSession(session, features, self._features_hash, self._score, scorer)
        else:
            score = scorer.score(features) if scorer is not None else None
            scored = ScoredSession(session, features, self._features_hash, score, scorer)
        # The reference alone: the model itself would stay in memory long after its time.
        self._model, self._score = scorer.ref if scorer is not None else None, scored.score
        return scored

    def ask(self, session: Session, patterns: Patterns) -> HeuristicEvidence:
        """What the patterns say of the session; asks them once."""
        if self._heard is None or self._patterns is not patterns:
            self._heard, self._patterns = collect_evidence(session, patterns), patterns
        return self._heard


class LastRevisions:
    """The last revision of the sessions that are open, at most `most` of them.

    Whether two revisions are of one content is told by the records, their number and `final` left out: no other field
    can change unnoticed. Nothing is kept: after a start, all is computed anew, with the same results.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._last: OrderedDict[str, Revision] = OrderedDict()

    def of(self, session: Session, value: bytes) -> Revision:
        """The revision that a record tells of: the last one's, if the content is the same."""
        content = _content(session, value)
        last = self._last.pop(session.session_id, None)
        revision = last if last is not None and last.content == content else Revision(content)
        if not session.final:
            self._last[session.session_id] = revision
            if len(self._last) > self._most:
                self._last.popitem(last=False)
        return revision


def _content(session: Session, value: bytes) -> bytes:
    plain = value.replace(b'"final":true', b'"final":false').replace(b'"revision":%d' % session.revision, b"")
    return blake2b(plain, digest_size=16).digest()
