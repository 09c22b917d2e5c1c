from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.families.blended_logistic import BlendedLogistic
from models.families.frozen import MOST_BITS, FrozenBlend, frozen
from models.families.registry import FAMILIES
from tests.support.examples import easy_example

VALUES = (
    st.floats() | st.integers() | st.text(max_size=30) | st.none() | st.booleans() | st.sampled_from([2**2000, -0.0])
)
NAMES = st.sampled_from(["events_per_minute", "gap_variation", "user_agent_family", "text", "another"])


def trained() -> BlendedLogistic:
    model = BlendedLogistic()
    for seed in range(200):
        example = easy_example(seed)
        model.learn_one(example.features, bad=example.label == "bad")
    return model


MODEL = trained()
WARM = FrozenBlend(MODEL)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_it_says_what_the_model_says_and_the_same_to_the_last_bit_whatever_it_was_asked_before(
    features: dict[str, Any],
) -> None:
    score = WARM.predict_one(features)
    # Two features may share a place of the vector, of which the model keeps one: then the two differ, and may.
    places = [place for name, value in features.items() for place in MODEL.encoder.encode({name: value})]
    if len(set(places)) == len(places):
        assert score == pytest.approx(MODEL.predict_one(features), abs=1e-3)
    assert score == WARM.predict_one(features) == FrozenBlend(MODEL).predict_one(features)


def test_what_it_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.families.frozen._MOST_VALUES", 10)
    monkeypatch.setattr("models.families.frozen._MOST_WORDS", 10)
    model = FrozenBlend(MODEL)
    for number in range(100):
        model.predict_one({"events_per_minute": number + 0.5, "text": f"text {number}"})
    assert len(model._numbers["events_per_minute"]) == 10
    assert len(model._words) <= 10


def test_a_model_without_a_quicker_form_is_that_form() -> None:
    for model in (FAMILIES["hoeffding-tree"](), BlendedLogistic(bits=MOST_BITS + 1)):
        assert frozen(model) is model
