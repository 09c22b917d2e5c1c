"""Which closed sessions are worth a person's time: unsure, unusual, and a random sample."""

from __future__ import annotations

from typing import Literal

from models.labels.sampling import is_in_sample
from rules.judgement import Judgement
from streams.score.anomaly import is_in_anomaly_sample
from streams.score.scored import ScoredSession
from weir.contracts import Review

UNSURE = (0.35, 0.8)
"""Scores between these are worth a question; above, the model is sure enough to act."""
UNUSUAL_FROM = 3.0
"""Standard deviations from which a session is unlike all others."""
MOST_SAVED = 20.0
"""Questions that may come at once after a quiet time."""
Why = Literal["unsure", "novel", "random"]


class ReviewSampler:
    """Asks about a random sample, always; about unsure and unusual sessions as long as they stay under a ceiling.

    `ScoredSession.unusual` says how unusual a session is. Of unusual sessions, only those that the trees learn are
    asked about, one in ten: unsure ones need the rest of the ceiling. How many questions were saved is not kept: a
    worker starts with its full budget.

    Args:
        sample_share: Of closed sessions, how many are asked about at random.
        ceiling_share: Of closed sessions, how many more may be asked about.
    """

    def __init__(self, sample_share: float, ceiling_share: float) -> None:
        self._sample_share = sample_share
        self._ceiling_share = ceiling_share
        self._saved = MOST_SAVED if ceiling_share else 0.0

    def question(self, scored: ScoredSession, judgement: Judgement, *, is_answered: bool = False) -> Review | None:
        """The question that a closed session is worth, None for most; of those that are answered the sample's alone."""
        session_id = scored.session.session_id
        self._saved = min(MOST_SAVED, self._saved + self._ceiling_share) if self._ceiling_share else 0.0
        why = self._why(scored, judgement) if self._ceiling_share > 0 else None
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

    def _why(self, scored: ScoredSession, judgement: Judgement) -> Why | None:
        score = scored.score
        if judgement.verdict == "review" or (score is not None and UNSURE[0] <= score <= UNSURE[1]):
            return "unsure"
        # What is dealt with already needs nobody's eyes.
        return "novel" if judgement.verdict == "allow" and _is_unusual(scored) else None


def _is_unusual(scored: ScoredSession) -> bool:
    unusual = scored.unusual
    return unusual is not None and unusual >= UNUSUAL_FROM and is_in_anomaly_sample(scored.session.session_id)
