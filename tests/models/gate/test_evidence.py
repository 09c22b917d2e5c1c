from __future__ import annotations

import random

import msgspec
import pytest

from models.gate.evidence import Evidence, squared_error

SIGNIFICANT = 20.0


def ever_significant(seed: int, *, lead: float, examples: int = 1_000, from_example: int = 0) -> int | None:
    """After how many examples somebody who looks at each of them would have decided; None if never."""
    chance = random.Random(seed)
    evidence = Evidence()
    for number in range(examples):
        if number % 50 == 0:
            evidence.start()
        evidence.add(chance.gauss(lead if number >= from_example else 0.0, 0.3))
        if evidence.e_value >= SIGNIFICANT:
            return number
    return None


def test_looking_at_every_example_misleads_at_most_one_time_in_twenty() -> None:
    misled = sum(ever_significant(seed, lead=0.0) is not None for seed in range(200))
    assert misled <= 14  # 10 are allowed on average, and few gamblers are as rich as they may be


def test_a_worse_candidate_is_never_believed() -> None:
    assert not any(ever_significant(seed, lead=-0.03) is not None for seed in range(50))


def test_a_better_candidate_is_believed_soon() -> None:
    found = [ever_significant(seed, lead=0.15) for seed in range(20)]
    assert all(examples is not None and examples < 150 for examples in found)


def test_a_candidate_that_becomes_better_late_is_believed_nearly_as_soon() -> None:
    found = [ever_significant(seed, lead=0.15, from_example=700, examples=1_200) for seed in range(20)]
    assert all(examples is not None and examples < 900 for examples in found)
    assert sum(examples < 700 for examples in found if examples is not None) <= 2


def test_it_comes_back_from_its_bytes() -> None:
    evidence = Evidence()
    evidence.start()
    evidence.add(0.4)
    again = msgspec.json.decode(msgspec.json.encode(evidence), type=Evidence)
    assert again == evidence
    assert again.e_value == evidence.e_value


def test_nothing_known_is_a_fortune_of_one() -> None:
    assert Evidence().e_value == pytest.approx(1.0)


def test_a_wrong_certainty_costs_one_and_not_everything() -> None:
    assert squared_error(0.0, bad=True) == pytest.approx(1.0)
