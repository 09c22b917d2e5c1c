"""The small sets, as far as they need no data of others."""

from __future__ import annotations

from random import Random

import pytest

from evaluation.models import small
from evaluation.models.navigation import MIXED, STEADY, Navigation, navigation
from evaluation.models.plain import plain_learners
from evaluation.models.small_sets import Example


@pytest.mark.parametrize("kind", [MIXED, STEADY])
def test_half_of_the_visits_are_bots_and_a_seed_decides_them(kind: Navigation) -> None:
    visits = navigation(kind, 40, Random(1))
    assert sum(bad for _, bad in visits) == 20
    assert visits == navigation(kind, 40, Random(1))


@pytest.mark.parametrize("name", sorted(plain_learners()))
def test_a_plain_learner_ranks_after_it_has_learned(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "ORDERS", 2)
    examples = [
        Example({"events": 1.0 + 50 * (number % 2), "text": text, "paths": text, "user_agent": text}, number % 2 == 1)
        for number, text in enumerate(("a friendly word", "win a prize now") * 30)
    ]
    assert small.mean_auc(plain_learners()[name], examples) > 0.8
