from __future__ import annotations

import random
from typing import Any

from river import preprocessing

from models.families.half_space import HalfSpace
from models.families.number_table import NUMBERS, numbers


def example(number: int) -> dict[str, float]:
    chance = random.Random(number)
    found = {name: chance.lognormvariate(0, 2) - 0.5 for name in NUMBERS if chance.random() < 0.9}
    return found | {NUMBERS[0]: 1.0, NUMBERS[1]: chance.choice([1e200, float("nan"), -1e12, 3.0])}


def test_nothing_is_known_before_a_first_window_is_full() -> None:
    model = HalfSpace(window=50)
    for number in range(50):
        model.see(example(number))
    assert model.deviation(example(50)) is None
    assert model.unusual(example(50)) == 0.0
    for number in range(50, 60):
        model.see(example(number))
    assert model.deviation(example(60)) == model.unusual(example(60)) != 0.0


def test_numbers_are_scaled_as_river_scales_them() -> None:
    model = HalfSpace()
    scaler: Any = preprocessing.StandardScaler()
    for number in range(100):
        model.see(example(number))
        scaler.learn_one(numbers(example(number)))
    for number in range(100, 150):
        ours = model._scaled(example(number))
        theirs = scaler.transform_one(numbers(example(number)))
        assert list(ours) == list(NUMBERS)
        assert [name for name, value in theirs.items() if (value > 0) != (ours[name] > 0.5) and value] == []
        ranked = sorted(theirs, key=theirs.__getitem__)
        assert [ours[name] for name in ranked] == sorted(ours[name] for name in ranked)
        assert {ours[name] for name in NUMBERS if name not in theirs} <= {0.5}


def test_to_score_is_not_to_learn() -> None:
    model = HalfSpace(window=20)
    for number in range(30):
        model.see(example(number))
    before = model.state()
    model.deviation(dict.fromkeys(NUMBERS, 7.0))
    assert model.state() == before
