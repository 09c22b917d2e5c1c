"""Outputs of a closed session beside its flag: scores of other model versions, a weak label, a review, drift."""

from __future__ import annotations

from dataclasses import replace

from models.labels.sampling import chance
from models.serving.champion import ChampionHolder
from models.training.drift import Watch
from rules.cascade import by_model
from rules.heuristics.patterns import Patterns
from rules.judgement import Judgement
from streams.score.anomaly import AnomalyScorer
from streams.score.review_sampler import ReviewSampler
from streams.score.scored import ScoredSession
from streams.score.weak_labels import HONEYPOT, weak_label
from streams.task import Effects
from weir.contracts import Session
from weir.contracts.fast import encode
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import LABELS, REVIEWS

WATCHED_SHARE = 0.05
"""Share of closed sessions that are watched for drift. Watching a session costs more than scoring it."""
_WATCHED_OF = 0.01
"""The watched share is taken of each hundredth of the hash, so that sessions of the review sample, which is one end of
the hash, are watched as often as others."""


class Closing:
    """Publishes the further outputs of closed sessions. It has no persistent state: a new task begins empty.

    Args:
        settings: Stages in shadow, weak labels, shares of sessions to review, whether half-space trees score.
        champion: Holds champion, challenger and learner.
    """

    def __init__(self, settings: Settings, champion: ChampionHolder) -> None:
        self._settings = settings
        self._champion = champion
        self._review_sampler = ReviewSampler(settings.review_sample_share, settings.review_ceiling_share)
        self._anomaly = AnomalyScorer() if settings.anomaly else None
        self._inputs = Watch()

    def add_unusual(self, scored: ScoredSession, *, is_held: bool) -> ScoredSession:
        """The session with its anomaly score. If the brake held its verdict back, the trees don't learn from it."""
        if self._anomaly is None:
            return scored
        unusual = self._anomaly.score(scored.session.session_id, scored.features, learns=not is_held)
        return scored if unusual is None else replace(scored, unusual=unusual)

    def score_by_others(self, scored: ScoredSession, effects: Effects) -> None:
        """Writes the scores of challenger and learner. They decide nothing."""
        self._score_by_challenger(scored, effects)
        self._score_by_learner(scored, effects)

    def watch(self, scored: ScoredSession, effects: Effects) -> None:
        """Compares a share of the sessions with earlier ones to detect drift."""
        if chance(scored.session.session_id) % _WATCHED_OF >= _WATCHED_OF * WATCHED_SHARE:
            return
        for name in self._inputs.see({**scored.features, "score": scored.score}):
            effects.count("drift_detected", "input", name)

    def label(self, session: Session, judgement: Judgement, patterns: Patterns, effects: Effects) -> None:
        """Publishes a weak label if the verdict allows one."""
        if not self._settings.weak_labels:
            return
        label = weak_label(
            session,
            judgement,
            self._settings.shadow,
            is_pattern=lambda name: patterns.find(name) is not None,
            is_trapped=_is_trapped(session, patterns),
        )
        if label is not None:
            effects.outputs.append(Output(LABELS, session.visitor_id.encode(), encode(label)))

    def ask(self, scored: ScoredSession, judgement: Judgement, effects: Effects, *, is_answered: bool) -> None:
        """Publishes a review if the sampler chooses the session."""
        question = self._review_sampler.question(scored, judgement, is_answered=is_answered)
        if question is not None:
            effects.outputs.append(Output(REVIEWS, scored.session.session_id.encode(), encode(question)))
            effects.count("reviews", question.why)

    def _score_by_challenger(self, scored: ScoredSession, effects: Effects) -> None:
        challenger = self._champion.challenger
        if challenger is None or challenger.scorer is scored.scorer:
            return
        shadowed = scored.by(challenger.scorer)
        effects.outputs.append(shadowed.output(is_acted_on=False))
        effects.count("scores", "shadow")
        verdict, shadow_verdict = (by_model(one.score, one.scorer).verdict for one in (scored, shadowed))
        effects.count("trial_verdicts", verdict, shadow_verdict)

    def _score_by_learner(self, scored: ScoredSession, effects: Effects) -> None:
        learner, challenger = self._champion.opinion(), self._champion.challenger
        if learner is None or (scored.scorer is not None and scored.scorer.ref == learner.ref):
            return
        if challenger is not None and challenger.scorer.ref == learner.ref:
            return
        effects.outputs.append(scored.by(learner).output(is_acted_on=False))
        effects.count("scores", "learner")


def _is_trapped(session: Session, patterns: Patterns) -> bool:
    found = (patterns.find(name) for name in session.heuristics)
    return any(info is not None and info.category == HONEYPOT for info in found)
