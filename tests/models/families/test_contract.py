"""One suite over every family of models."""

from __future__ import annotations

import copy as copying
import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.families.base import Model, pack, unpack
from models.families.encoder import Encoder
from models.families.registry import FAMILIES, copy, restore
from models.features import KINDS
from weir.errors import SnapshotError

SMALL: dict[str, dict[str, Any]] = {
    "augmented": {"model": {"family": "hashed-logistic", "bits": 8}, "share": 0.5, "first_lesson": 5},
    "hard-mining": {"model": {"family": "hashed-logistic", "bits": 8}, "every": 3, "kept": 20},
    "adaptive-forest": {"trees": 2, "depth": 2},
    "blended-logistic": {"bits": 8},
    "pooled-ensemble": {"bits": 5, "trees": 3},
    "half-space-trees": {"trees": 2, "height": 3},
    "hashed-logistic": {"bits": 8},
    "stack": {
        "members": [{"family": "blended-logistic", "bits": 8}, {"family": "text-bayes", "bits": 8}],
        "mixing": 0.2,
    },
    "text-bayes": {"bits": 8},
}
AS_SMALL = {"augmented", "hard-mining", "adaptive-forest", "half-space-trees", "stack"}
families = pytest.mark.parametrize("family", sorted(FAMILIES))

VALUES = st.one_of(
    st.floats(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.text(max_size=20),
    st.text(alphabet=st.characters(), max_size=5),
    st.none(),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
)
NAMES = st.sampled_from([*KINDS, "unheard_of"]) | st.text(max_size=5)
EXAMPLES = st.lists(
    st.tuples(st.dictionaries(NAMES, VALUES, max_size=6), st.booleans(), st.floats()), min_size=1, max_size=12
)


def example(seed: int) -> tuple[dict[str, float | str], bool]:
    """An easy example: abuse is fast, names itself a program and writes about prizes."""
    chance = random.Random(seed)
    bad = chance.random() < 0.4
    return {
        "events_per_minute": chance.lognormvariate(4 if bad else 1, 1),
        "gap_variation": chance.uniform(0, 0.5) if bad else chance.uniform(0.3, 2),
        "user_agent_family": chance.choice(["curl", "firefox"] if bad else ["firefox", "chrome"]),
        "text": chance.choice(["you have won a prize", "cash now"] if bad else ["lovely shoes", "where is my parcel"]),
    }, bad


def trained(family: str, examples: int = 60) -> Model:
    model = FAMILIES[family](**(SMALL[family] if family in AS_SMALL else {}))
    for seed in range(examples):
        features, bad = example(seed)
        model.learn_one(features, bad=bad)
    return model


@families
def test_an_untrained_model_has_no_opinion(family: str) -> None:
    assert FAMILIES[family]().predict_one(example(1)[0]) == pytest.approx(0.5)


@families
@settings(max_examples=12, deadline=None)
@given(examples=EXAMPLES)
def test_nothing_breaks_or_poisons(family: str, examples: list[tuple[dict[str, Any], bool, float]]) -> None:
    model = trained(family, 5)
    for features, bad, weight in examples:
        before = copying.deepcopy(features)
        assert 0 <= model.predict_one(features) <= 1
        model.learn_one(features, bad=bad, weight=weight)
        assert repr(features) == repr(before)
    score = model.predict_one(example(1)[0])
    assert math.isfinite(score)
    assert 0 <= score <= 1


@families
def test_a_flood_of_broken_values_costs_no_quality(family: str) -> None:
    model = trained(family, 200)
    broken: list[Any] = [math.nan, math.inf, -math.inf, 1e308, "fast", None]
    for value in broken:
        model.learn_one({"events_per_minute": value, "text": value}, bad=True, weight=0.1)
    clean = trained(family, 200)
    for seed in range(1_000, 1_050):
        features, _ = example(seed)
        assert model.predict_one(features) == pytest.approx(clean.predict_one(features), abs=0.25)


@families
def test_the_same_examples_give_the_same_model(family: str) -> None:
    assert trained(family, 60).state() == trained(family, 60).state()


@families
def test_predicting_does_not_learn(family: str) -> None:
    model = trained(family)
    before = model.state()
    for seed in range(20):
        model.predict_one({**example(seed)[0], f"new{seed}": 1.0})
    assert model.state() == before


@families
@settings(max_examples=12, deadline=None)
@given(examples=EXAMPLES)
def test_the_state_comes_back_to_the_last_bit(family: str, examples: list[tuple[dict[str, Any], bool, float]]) -> None:
    model = trained(family, 10)
    for features, bad, weight in examples:
        model.learn_one(features, bad=bad, weight=weight)
    again = restore(family, model.hyper_parameters, pack(model.state()))
    probes = [features for features, _, _ in examples] + [example(seed)[0] for seed in range(5)]
    assert [model.predict_one(probe).hex() for probe in probes] == [again.predict_one(probe).hex() for probe in probes]
    for seed in range(5):
        features, bad = example(seed)
        model.learn_one(features, bad=bad)
        again.learn_one(features, bad=bad)
    assert model.state() == again.state()


@families
@pytest.mark.parametrize("weight", [2.2e-279, 1e-12, 1e-3])
def test_a_label_of_hardly_any_weight_ends_no_trainer(family: str, weight: float) -> None:
    model = FAMILIES[family]()
    for value, of, bad in ((-1.0, weight, True), (0.25, 16.0, False), (-1.0, weight, False), (0.25, 16.0, True)) * 3:
        model.learn_one({"events": value}, bad=bad, weight=of)
    assert 0.0 <= model.predict_one({"events": 0.2}) <= 1.0


@families
def test_the_state_is_plain_json(family: str) -> None:
    state = trained(family).state()
    assert json.loads(json.dumps(state, allow_nan=False)) == state


@families
def test_a_copy_learns_apart(family: str) -> None:
    model = trained(family)
    before = model.state()
    copy(model).learn_one(example(3)[0], bad=True)
    assert model.state() == before


def test_places_are_the_same_in_every_process_and_on_every_machine() -> None:
    """Hashing is seeded, not left to the interpreter: a snapshot must mean the same wherever it is read."""
    vector = Encoder(bits=18, seed=1).encode({"method": "GET", "events": 3.0, "text": "Hi"})
    assert sorted(vector) == [80699, 87645, 104716, 150299, 150706, 152446, 211072, 224078, 252482]
    assert sorted(Encoder(bits=18, seed=2).encode({"method": "GET", "events": 3.0, "text": "Hi"})) != sorted(vector)


@families
def test_memory_is_bounded(family: str) -> None:
    model = FAMILIES[family](**SMALL.get(family, {}))
    for seed in range(300):
        model.learn_one(
            {f"name{seed}": f"value{seed}", f"number{seed}": seed, "text": f"text {seed}"}, bad=seed % 2 > 0
        )
    assert len(json.dumps(model.state())) < 64 * 1024


@families
@pytest.mark.parametrize("state", [{}, {"format": 1}, {"bad": -1, "all": 0}, {"bad": math.nan, "all": math.inf}])
def test_a_foreign_state_is_refused(family: str, state: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        FAMILIES[family].restore({}, state)


def test_a_state_with_a_weight_that_is_not_finite_is_refused() -> None:
    state = trained("hashed-logistic").state()
    state["weights"][0] = math.inf
    with pytest.raises(SnapshotError):
        FAMILIES["hashed-logistic"].restore({}, state)


@pytest.mark.parametrize("payload", [b"", b"no zlib", pack({})[:-3]])
def test_a_broken_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(SnapshotError):
        unpack(payload)


def test_an_unknown_family_is_refused_by_name() -> None:
    with pytest.raises(SnapshotError, match="oracle"):
        restore("oracle", {}, pack({}))
