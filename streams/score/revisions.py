"""Caches features, score and evidence of a session's last revision, for a next one with the same content.

A session is published after its events and once more when it closes. The final revision mostly has the content of the
one before. For sessions of one event, the cache saves half of all work.
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
"""Sessions in the cache, 8 kB each; beyond, those that changed longest ago are dropped."""


class Revision:
    """Content hash of a session's revision, with the features, score and evidence computed from it so far."""

    __slots__ = ("_evidence", "_features", "_features_hash", "_model", "_patterns", "_score", "content")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._features: dict[str, FeatureValue] | None = None
        self._features_hash = ""
        self._model: ModelRef | None = None
        self._score: float | None = None
        self._patterns: Patterns | None = None
        self._evidence: HeuristicEvidence | None = None

    def scored(self, session: Session, scorer: Scorer | None) -> ScoredSession:
        """The session with its features and its score; each model scores it once."""
        features = self._features
        if features is None:
            scored = ScoredSession.of(session, scorer)
            self._features, self._features_hash = scored.features, scored.features_hash
        elif scorer is not None and scorer.ref == self._model:
            return ScoredSession(session, features, self._features_hash, self._score, scorer)
        else:
            score = scorer.score(features) if scorer is not None else None
            scored = ScoredSession(session, features, self._features_hash, score, scorer)
        # Only the reference is stored: the model itself would stay in memory long after it was replaced.
        self._model, self._score = scorer.ref if scorer is not None else None, scored.score
        return scored

    def ask(self, session: Session, patterns: Patterns) -> HeuristicEvidence:
        """The evidence of the session's pattern hits; collected once for each set of patterns."""
        if self._evidence is None or self._patterns is not patterns:
            self._evidence, self._patterns = collect_evidence(session, patterns), patterns
        return self._evidence


class LastRevisions:
    """The last revisions of open sessions, at most `most`.

    Two revisions have the same content if their records are equal without `revision` and `final`, so that a change of
    any other field is noticed. The cache is not part of the state: a new task computes the same results once more.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._last: OrderedDict[str, Revision] = OrderedDict()

    def of(self, session: Session, value: bytes) -> Revision:
        """The revision in a record; the cached one if it has the same content."""
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
