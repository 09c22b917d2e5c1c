"""How unusual each closed session is, by half-space trees that have seen the sessions before."""

from __future__ import annotations

from models.families.base import Features
from models.families.half_space import HalfSpace
from models.labels.sampling import chance

FIRST = 500
"""Sessions that are learned one and all: two windows of the trees, so that figures come early."""
LEARNED_SHARE = 0.1
"""Share of the sessions after these that are learned: to learn one costs three times what scoring does."""
HELD = 30
"""Sessions that are held before half-space trees are built: a short run never imports River. The trees call no session
unusual before their first window of 250 is full, so no figure depends on this number."""
KNOWN_FROM = 300
"""Sessions learned before there are figures: a first window, and 50 scores to take mean and deviation of."""


class AnomalyScorer:
    """Scores each closed session by half-space trees, then learns from it, or from a sample of many.

    Session ids decide which sessions are learned, so the same input gives the same figures. What the trees have seen
    is not kept: a worker that starts begins anew, and gives no figure before `KNOWN_FROM` sessions of the partition.
    """

    def __init__(self) -> None:
        self._trees: HalfSpace | None = None
        self._held: list[Features] = []
        """Features of the first sessions, until the trees are built."""
        self._learned = 0

    def score(self, session_id: str, features: Features, *, learns: bool = True) -> float | None:
        """How unusual the session is among those before, in standard deviations; None while nothing is known.

        Args:
            session_id: Decides whether the session is learned.
            features: The session's.
            learns: Whether the session may be learned at all.
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
    """Whether the session is of the share that is learned; at the other end of the hash than the sample for review."""
    return chance(session_id) >= 1.0 - LEARNED_SHARE
