"""Scores how unusual each closed session is, with half-space trees that learn from earlier sessions."""

from __future__ import annotations

from models.families.base import Features
from models.families.half_space import HalfSpace
from models.labels.sampling import chance

FIRST = 500
"""The trees learn from each of so many first sessions: two windows, so that scores begin early."""
LEARNED_SHARE = 0.1
"""Share of the later sessions that the trees learn from: learning costs three times as much as scoring."""
HELD = 30
"""Sessions that are buffered before the trees are built, so that a short run doesn't import River. No score depends on
this number: the trees give no score before their first window of 250 sessions is full."""
KNOWN_FROM = 300
"""Sessions learned before the first score: one window of 250, and 50 scores for mean and deviation."""


class AnomalyScorer:
    """Scores each closed session with half-space trees, which then learn from all first sessions and a sample later.

    The session id decides whether a session is in the sample, so the same input gives the same scores. The trees are
    not part of the state: after a start, there is no score before `KNOWN_FROM` sessions of the partition were learned.
    """

    def __init__(self) -> None:
        self._trees: HalfSpace | None = None
        self._held: list[Features] = []
        """Features of the first sessions, until the trees are built."""
        self._learned = 0

    def score(self, session_id: str, features: Features, *, learns: bool = True) -> float | None:
        """The session's anomaly score in standard deviations; None before `KNOWN_FROM` sessions were learned.

        Args:
            session_id: Decides whether the session is in the sample.
            features: The session's features.
            learns: Whether the trees may learn from the session.
        """
        found = None
        if self._trees is not None and self._learned >= KNOWN_FROM:
            found = self._trees.deviation(features)
        if learns and (self._learned < FIRST or is_in_anomaly_sample(session_id)):
            self._learn(features)
        return None if found is None else round(found, 3)

    def _learn(self, features: Features) -> None:
        self._learned += 1
        if self._trees is not None:
            self._trees.see(features)
            return
        self._held.append(features)
        if len(self._held) >= HELD:
            self._trees = HalfSpace()
            for held in self._held:
                self._trees.see(held)
            self._held.clear()


def is_in_anomaly_sample(session_id: str) -> bool:
    """Whether the trees learn from the session, by the upper end of its hash; the review sample takes the lower end."""
    return chance(session_id) >= 1.0 - LEARNED_SHARE
