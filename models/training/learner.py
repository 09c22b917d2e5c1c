"""The model that learns every example, and the naive baseline beside it."""

from __future__ import annotations

from collections.abc import Callable

from models.families.base import Model
from models.families.baseline import PriorRate
from models.families.registry import FAMILIES
from models.training.config import TrainerConfig
from weir.contracts.training import TrainingExample


class Learner:
    """Predicts examples and learns them; the model is built on first use, since it imports River, which takes 2.5 s.

    Args:
        config: Family and hyper-parameters.
        clock: A monotonic clock in seconds, to measure the time of a prediction; without it the time is unknown.
    """

    def __init__(self, config: TrainerConfig, clock: Callable[[], float] | None = None) -> None:
        self._config = config
        self._clock = clock
        self._built: Model | None = None
        self.baseline = PriorRate()
        self._spent_s = 0.0
        self._timed = 0
        """Number of predictions that took `_spent_s` in all; neither is part of the state."""

    @property
    def is_built(self) -> bool:
        """Whether there is a model yet."""
        return self._built is not None

    @property
    def model(self) -> Model:
        """The model, built if there is none yet."""
        if self._built is None:
            self._built = FAMILIES[self._config.family](**self._config.hyper_parameters)
        return self._built

    def restore(self, model: Model, baseline: PriorRate) -> None:
        """Continues with a stored model and baseline."""
        self._built, self.baseline = model, baseline

    def predict(self, example: TrainingExample) -> tuple[float, float]:
        """Scores of the model and of the baseline."""
        model = self.model
        begun_s = self._clock() if self._clock is not None else 0.0
        score = model.predict_one(example.features)
        if self._clock is not None:
            self._spent_s += self._clock() - begun_s
            self._timed += 1
        return score, self.baseline.predict_one(example.features)

    def learn(self, example: TrainingExample, weight: float) -> None:
        """Updates model and baseline with the example; a weight of 0 changes neither."""
        bad = example.label == "bad"
        self.model.learn_one(example.features, bad=bad, weight=weight)
        self.baseline.learn_one(example.features, bad=bad, weight=weight)

    def take_cost_us(self) -> float | None:
        """Mean microseconds of the predictions since the last call; None without a clock or a prediction."""
        cost_us = 1e6 * self._spent_s / self._timed if self._timed else None
        self._spent_s, self._timed = 0.0, 0
        return cost_us
