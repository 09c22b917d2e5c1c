"""Chooses closed sessions for human review: sessions with an uncertain score, unusual ones, and a random sample."""

from __future__ import annotations

from typing import Literal

from models.labels.sampling import is_in_sample
from rules.judgement import Judgement
from streams.score.anomaly import is_in_anomaly_sample
from streams.score.scored import ScoredSession
from weir.contracts import Review

UNSURE = (0.35, 0.8)
"""Scores between these are uncertain. Above, the model is confident enough to act."""
UNUSUAL_FROM = 3.0
"""Anomaly score, in standard deviations, from which a session is unusual."""
MOST_SAVED = 20.0
"""Reviews that may be published at once after a quiet time: the capacity of the token bucket."""
ReviewReason = Literal["unsure", "novel", "random"]


class ReviewSampler:
    """Chooses a random sample of closed sessions, and uncertain and unusual ones up to a ceiling.

    Of unusual sessions (`ScoredSession.unusual`), only the tenth that the trees learn from is chosen: uncertain ones
    need the rest of the ceiling. The ceiling's token bucket is not part of the state: a new task starts with a full
    bucket.

    Args:
        sample_share: Share of closed sessions in the random sample.
        ceiling_share: Share of closed sessions that may be chosen beside it.
    """

    def __init__(self, sample_share: float, ceiling_share: float) -> None:
        self._sample_share = sample_share
        self._ceiling_share = ceiling_share
        self._saved = MOST_SAVED if ceiling_share else 0.0

    def question(self, scored: ScoredSession, judgement: Judgement, *, is_answered: bool = False) -> Review | None:
        """The review of a closed session, None for most. An answered session is reviewed only in the random sample."""
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

    def _why(self, scored: ScoredSession, judgement: Judgement) -> ReviewReason | None:
        score = scored.score
        if judgement.verdict == "review" or (score is not None and UNSURE[0] <= score <= UNSURE[1]):
            return "unsure"
        # A session that is throttled or blocked already is not reviewed for being unusual.
        return "novel" if judgement.verdict == "allow" and _is_unusual(scored) else None


def _is_unusual(scored: ScoredSession) -> bool:
    unusual = scored.unusual
    return unusual is not None and unusual >= UNUSUAL_FROM and is_in_anomaly_sample(scored.session.session_id)
