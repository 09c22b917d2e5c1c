"""Members and pool of the default family."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from models.families.bayesian_regression import BayesianRegression
from models.families.gram_bayes import GramBayes
from models.families.hashed_regression import HashedRegression
from models.families.pool import Pool
from models.families.refitted_forest import RefittedForest
from models.families.tree_growing import Shape


def test_the_bayesian_regression_finds_the_telling_number_within_forty_examples() -> None:
    chance = np.random.default_rng(1)
    model = BayesianRegression(20, 0.2, 1e-4)
    for _ in range(40):
        row = np.append(chance.normal(size=20), 1.0)
        model.learn(row, bad=bool(row[3] > 0), weight=1.0)
    assert int(np.argmax(np.abs(model.mean[:20]))) == 3


def test_the_forest_finds_what_no_single_number_tells() -> None:
    random = Random(1)
    model = RefittedForest(4, Shape(trees=12, depth=6, candidates=12), kept=200, seed=1)
    rows = [[random.random() for _ in range(4)] for _ in range(300)]
    for row in rows[:200]:
        model.learn(row, bad=(row[0] > 0.5) != (row[1] > 0.5), weight=1.0)
    right = [(model.log_odds(row) > 0) == ((row[0] > 0.5) != (row[1] > 0.5)) for row in rows[200:]]
    assert sum(right) > 80


def test_the_forest_keeps_no_more_examples_than_it_was_told() -> None:
    model = RefittedForest(2, Shape(trees=2, depth=2, candidates=2), kept=10, seed=1)
    for number in range(50):
        model.learn([float(number), 1.0], bad=number % 2 == 0, weight=1.0)
    assert len(model.state()["rows"]) == 10


def test_the_pool_follows_the_member_that_is_right() -> None:
    random = Random(1)
    pool = Pool(3, 0.3, 0.002)
    for _ in range(30):
        bad = random.random() < 0.5
        pool.learn([2.0 if bad else -2.0, random.gauss(0, 2), None], bad=bad, weight=1.0)
    assert pool.log_odds([2.0, -3.0, None]) > 0
    assert pool.log_odds([-2.0, 3.0, None]) < 0


@pytest.mark.parametrize("split", [[9, 0.5], [0, float("nan")]])
def test_a_forest_that_a_walk_could_leave_is_refused(split: list[float]) -> None:
    model = RefittedForest(2, Shape(trees=1, depth=1, candidates=2), kept=4, seed=1)
    state = model.state() | {"splits": [[split, [-1, 0.0], [-1, 0.0]]], "leaves": [[0.0, 0.0, 0.0]]}
    with pytest.raises(ValueError, match="split"):
        model.restore(state)


def test_places_outside_the_vector_are_refused() -> None:
    large = HashedRegression(64, 0.5)
    large.learn(np.array([63]), 1.0, bad=True, weight=1.0)
    with pytest.raises(ValueError, match="outside"):
        HashedRegression(32, 0.5).restore(large.state())
    counts = GramBayes(64, ("text",))
    counts.learn(np.array([63]), bad=True, weight=1.0, of="text")
    with pytest.raises(ValueError, match="outside"):
        GramBayes(32, ("text",)).restore(counts.state())
