"""What the labels so far say beside teaching a model: whose count, which thresholds follow, how much is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.gate.bounds import Judged
from models.gate.thresholds import KEPT_BAD, KEPT_BENIGN, Thresholds, thresholds
from models.labels.sampling import is_in_sample
from models.training.config import TrainerConfig
from models.training.state import TrainerState
from weir.contracts.label import is_weak
from weir.contracts.training import TrainingExample

if TYPE_CHECKING:
    from models.labels.recall import Interval

SAMPLED = 1_000
"""Newest labels of the random sample that the estimate of recall is made of."""
_MOST_DOUBTED = 10


class LabelHistory:
    """Records labels in the trainer's state, and answers questions about them."""

    def __init__(self, config: TrainerConfig, state: TrainerState) -> None:
        self._config = config
        self._state = state

    def record(self, example: TrainingExample) -> tuple[float, bool]:
        """Records a label.

        Returns:
            What a label of this source counts, from 0 to 1; and whether it is the session's first human label, which
            alone came before the learner had learned the session.
        """
        state, bad, weak = self._state, example.label == "bad", is_weak(example.source)
        is_first = all(is_weak(source) for source in state.trust.sessions.get(example.session_id, {}))
        if not weak and is_in_sample(example.session_id, self._config.sample_share):
            # A session counts once, with its last label.
            state.sampled[:] = [one for one in state.sampled if one[0] != example.session_id][-SAMPLED + 1 :]
            state.sampled.append((example.session_id, example.verdict not in {None, "allow"}, bad))
        # By the score on record rather than today's champion's: what is learned depends on the training topic alone.
        weight = state.trust.record_label(
            example.session_id, example.source, bad=bad, is_weak=weak, champion=example.score
        )
        state.first_label = state.first_label or example.label
        state.is_informative |= not weak or example.label != state.first_label
        return weight, is_first

    def keep_score(self, judged: Judged) -> None:
        """Keeps the learner's score of a session with a first human label: thresholds are set by these."""
        scores, most = (self._state.bad_scores, KEPT_BAD) if judged.bad else (self._state.benign_scores, KEPT_BENIGN)
        scores.append(judged.candidate)
        del scores[:-most]

    def thresholds(self) -> Thresholds:
        """The thresholds that the kept scores allow."""
        state = self._state
        return thresholds(state.benign_scores, state.bad_scores, self._config.false_positive_rate)

    def recall(self) -> Interval | None:
        """Share of the abuse that the cascade flags, by the random sample; None without an abusive session in it."""
        flagged = [was_flagged for _, was_flagged, bad in self._state.sampled if bad]
        if not flagged:
            return None
        from models.labels.recall import share_interval  # noqa: PLC0415 -- imports numpy, see `models.families.regression`

        return share_interval(sum(flagged), len(flagged))

    def doubted(self) -> dict[str, float]:
        """Sources whose labels count for less, with what they count."""
        return self._state.trust.doubted()

    def worth_of_most_doubted(self) -> dict[str, float]:
        """The same of those that count least, named as a decision's figures."""
        least = sorted(self.doubted().items(), key=lambda one: one[1])[:_MOST_DOUBTED]
        return {f"worth of {source}": weight for source, weight in least}
