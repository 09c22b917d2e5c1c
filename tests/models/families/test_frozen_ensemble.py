from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.families.ensemble import Ensemble
from models.families.frozen import frozen
from models.families.frozen_ensemble import FrozenEnsemble
from tests.models.families.test_frozen import NAMES, VALUES
from tests.support.examples import easy_example


def trained() -> Ensemble:
    model = Ensemble()
    for seed in range(200):
        example = easy_example(seed)
        model.learn_one(example.features, bad=example.label == "bad")
    return model


MODEL = trained()
WARM = FrozenEnsemble(MODEL)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES | st.sampled_from(["paths", "user_agent"]), VALUES, max_size=5))
def test_it_scores_as_the_model_does_whatever_was_scored_before(features: dict[str, Any]) -> None:
    score = WARM.predict_one(features)
    assert score == pytest.approx(MODEL.predict_one(features), abs=1e-6)
    assert score == WARM.predict_one(features) == FrozenEnsemble(MODEL).predict_one(features)


def test_its_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.families.frozen_ensemble._MOST_VALUES", 10)
    monkeypatch.setattr("models.families.frozen_ensemble._MOST_WORDS", 10)
    model = frozen(MODEL)
    assert isinstance(model, FrozenEnsemble)
    for number in range(100):
        model.predict_one({"events_per_minute": number + 0.5, "text": f"text {number}"})
    assert len(model._numbers["events_per_minute"]) == 10
    assert len(model._words) <= 10
