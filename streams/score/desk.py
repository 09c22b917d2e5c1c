"""Which closed sessions are worth a person's time: unsure, unusual, and a random sample."""

from __future__ import annotations

from typing import Literal

from models.anomaly import HalfSpace
from models.base import Features
from models.sampling import chance, is_in_sample
from rules.judgement import Judgement
from streams.score.scored import Scored
from weir.contracts import Review

UNSURE = (0.35, 0.8)
"""Scores between these are worth a question; above, the model is sure enough to act."""
UNUSUAL_FROM = 3.0
"""Standard deviations from which a session is unlike all others."""
LOOKED_AT = 0.1
"""Share of sessions that are looked at for being unusual: it costs more than scoring."""
HELD = 30
"""Sessions that are looked at before half-space trees are built: a short run never imports River. The trees call no
session unusual before their first window of 250 is full, so no question depends on this number."""
MOST_SAVED = 20.0
"""Questions that may come at once after a quiet time."""
Why = Literal["unsure", "novel", "random"]


class ReviewDesk:
    """Asks about a random sample, always; about unsure and unusual sessions as long as they stay under a ceiling.

    What it has seen of usual sessions, and how many questions it has saved, is not kept: a worker that starts begins
    with a full purse, and knows what is unusual after some thousands of sessions.

    Args:
        sample_share: Of closed sessions, how many are asked about at random.
        ceiling_share: Of closed sessions, how many more may be asked about.
    """

    def __init__(self, sample_share: float, ceiling_share: float) -> None:
        self._sample_share = sample_share
        self._ceiling_share = ceiling_share
        self._saved = MOST_SAVED if ceiling_share else 0.0
        self._usual: HalfSpace | None = None
        self._held: list[Features] = []
        """Features of the first sessions that were looked at, until the trees are built."""

    def question(self, scored: Scored, judgement: Judgement, *, is_answered: bool = False) -> Review | None:
        """The question that a closed session is worth, None for most; of those that are answered the sample's alone."""
        session_id = scored.session.session_id
        self._saved = min(MOST_SAVED, self._saved + self._ceiling_share) if self._ceiling_share else 0.0
        is_unusual = self._ceiling_share > 0 and self._is_unusual(scored)
        why = self._why(scored.score, judgement, is_unusual=is_unusual)
        if why is not None and (is_answered or self._saved < 1.0):
            why = None
        if why is not None:
            self._saved -= 1.0
        elif is_in_sample(session_id, self._sample_share):
            why = "random"
        else:
            return None
        return Review(
            session_id=session_id,
            visitor_id=scored.session.visitor_id,
            ts=scored.session.end,
            why=why,
            score=scored.score,
            reasons=list(judgement.reasons),
        )

    def _why(self, score: float | None, judgement: Judgement, *, is_unusual: bool) -> Why | None:
        if judgement.verdict == "review" or (score is not None and UNSURE[0] <= score <= UNSURE[1]):
            return "unsure"
        # What is dealt with already needs nobody's eyes.
        return "novel" if is_unusual and judgement.verdict == "allow" else None

    def _is_unusual(self, scored: Scored) -> bool:
        # From the other end than the random sample, or all of that would be looked at.
        if chance(scored.session.session_id) < 1.0 - LOOKED_AT:
            return False
        if self._usual is None:
            self._held.append(scored.features)
            if len(self._held) < HELD:
                return False
            self._usual = HalfSpace()
            for features in self._held:
                self._usual.see(features)
            self._held.clear()
            return False
        is_unusual = self._usual.unusual(scored.features) >= UNUSUAL_FROM
        self._usual.see(scored.features)
        return is_unusual
